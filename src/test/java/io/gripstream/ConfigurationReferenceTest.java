package io.gripstream;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.LinkTree;
import com.sun.source.doctree.LiteralTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import io.smallrye.config.WithDefault;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * That {@code docs/configuration.md} says of each key what its Javadoc says. After a change of
 * {@link GripstreamConfig} write the page anew: {@code mvn test -Dtest=ConfigurationReferenceTest
 * -Dupdate.docs}.
 */
class ConfigurationReferenceTest {
  private static final Path PAGE = Path.of("docs/configuration.md");
  private static final Path SOURCE = Path.of("src/main/java/io/gripstream/GripstreamConfig.java");
  private static final String BEGIN = "<!-- generated from GripstreamConfig: begin -->\n";
  private static final String END = "<!-- generated from GripstreamConfig: end -->\n";

  @Test
  void thePageSaysWhatTheCodeSays() throws IOException {
    String page = Files.readString(PAGE);
    int begin = page.indexOf(BEGIN) + BEGIN.length();
    int end = page.indexOf(END);
    String reference = reference();
    if (System.getProperty("update.docs") != null) {
      Files.writeString(PAGE, page.substring(0, begin) + reference + page.substring(end));
    } else {
      assertThat(page.substring(begin, end)).isEqualTo(reference);
    }
  }

  private static String reference() throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(null, files, null, null, null, files.getJavaFileObjects(SOURCE));
      CompilationUnitTree unit = task.parse().iterator().next();
      ClassTree config = (ClassTree) unit.getTypeDecls().get(0);
      List<String> rows = new ArrayList<>();
      rows.add("| key | default | meaning |\n|---|---|---|\n");
      describe(
          "gripstream",
          GripstreamConfig.class,
          new TreePath(new TreePath(unit), config),
          DocTrees.instance(task),
          rows);
      return String.join("", rows);
    }
  }

  private static void describe(
      String prefix, Class<?> group, TreePath source, DocTrees docs, List<String> rows) {
    for (Tree member : ((ClassTree) source.getLeaf()).getMembers()) {
      if (!(member instanceof MethodTree tree)) {
        continue;
      }
      Method method = method(group, tree.getName().toString());
      String key = prefix + "." + kebab(method.getName());
      Class<?> type = method.getReturnType();
      if (type.getEnclosingClass() == GripstreamConfig.class && type.isInterface()) {
        describe(key, type, nested(source, type.getSimpleName()), docs, rows);
      } else {
        DocCommentTree doc = docs.getDocCommentTree(new TreePath(source, tree));
        assertThat(doc).as("Javadoc of " + key).isNotNull();
        rows.add(
            "| `%s%s` | %s | %s |\n"
                .formatted(
                    key,
                    Map.class.isAssignableFrom(type) ? ".*" : "",
                    value(method),
                    text(prefix, doc)));
      }
    }
  }

  private static Method method(Class<?> group, String name) {
    try {
      return group.getDeclaredMethod(name);
    } catch (NoSuchMethodException e) {
      throw new AssertionError("source and class differ", e);
    }
  }

  /** Groups are declared beside each other, within the outermost interface. */
  private static TreePath nested(TreePath source, String name) {
    TreePath outermost = source;
    while (outermost.getParentPath().getLeaf() instanceof ClassTree) {
      outermost = outermost.getParentPath();
    }
    for (Tree member : ((ClassTree) outermost.getLeaf()).getMembers()) {
      if (member instanceof ClassTree type && type.getSimpleName().contentEquals(name)) {
        return new TreePath(outermost, type);
      }
    }
    throw new AssertionError("no group " + name);
  }

  private static String value(Method method) {
    return Optional.ofNullable(method.getAnnotation(WithDefault.class))
        .map(given -> "`" + given.value() + "`")
        .orElse("none");
  }

  private static String text(String prefix, DocCommentTree doc) {
    String text =
        doc.getFullBody().stream().map(each -> text(prefix, each)).collect(Collectors.joining());
    return text.replaceAll("\\s+", " ").replace("|", "&#124;").strip();
  }

  private static String text(String prefix, DocTree part) {
    if (part instanceof LiteralTree literal) {
      return "`" + literal.getBody().getBody() + "`";
    }
    if (part instanceof LinkTree link) {
      return "`" + prefix + "." + kebab(link.getReference().getSignature().substring(1)) + "`";
    }
    return part.toString();
  }

  private static String kebab(String name) {
    return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }
}
