package io.gripstream.workshop.experiment;

import io.gripstream.clip.Digests;
import io.gripstream.files.ImageFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A data set's images and their classes: the folder that an image lies in names its class. Only
 * paths and digests are held.
 *
 * @param name what results call it
 * @param classes as words for the template
 * @param training in order of their paths; all images where the data set has no splits of its own
 * @param test the same of the test split; empty where the data set has none
 * @param digest over every image's path, class and bytes
 * @param tooLarge paths of files that were left out, for their size
 */
public record DataSet(
    String name,
    List<String> classes,
    List<Picture> training,
    List<Picture> test,
    String digest,
    List<String> tooLarge) {

  /** Larger files are taken for no images. */
  static final int MAX_BYTES = 64 << 20;

  private static final String TRAIN = "train";
  private static final String TEST = "test";

  /**
   * What folders are called, and in which order.
   *
   * @param folderClasses the classes of folders that are named otherwise
   * @param classes all of them in order; empty: in the order of the folders' names
   */
  public record Naming(Map<String, String> folderClasses, List<String> classes) {
    /** Folders are called what they are called. */
    public static final Naming OF_FOLDERS = new Naming(Map.of(), List.of());
  }

  /**
   * Reads every file once. Where {@code train} and {@code test} lie beside each other below all
   * that the paths have in common, they are the splits, and what lies elsewhere is left out.
   *
   * @param files stays the caller's to close
   * @throws ExperimentException when the folders are no classes
   */
  public static DataSet read(String name, ImageFiles files, Naming naming) throws IOException {
    List<String> names = files.names();
    int root = commonRoot(names);
    boolean splits = hasSplits(names, root);
    List<String> used = new ArrayList<>();
    for (String file : names) {
      if (!splits || splitOf(file, root).equals(TRAIN) || splitOf(file, root).equals(TEST)) {
        used.add(file);
      }
    }
    List<String> classes = classes(used, naming, splits ? root : -1);
    Map<String, Integer> indices = new HashMap<>();
    classes.forEach(each -> indices.put(each, indices.size()));

    List<Picture> training = new ArrayList<>();
    List<Picture> test = new ArrayList<>();
    List<String> tooLarge = new ArrayList<>();
    MessageDigest digest = Digests.sha256();
    for (String file : used) {
      byte[] content = files.read(file, MAX_BYTES);
      if (content == null) {
        tooLarge.add(file);
        continue;
      }
      String label = labelOf(file, naming);
      Picture picture = new Picture(file, indices.get(label), Digests.sha256(content));
      (splits && splitOf(file, root).equals(TEST) ? test : training).add(picture);
      for (String part : List.of(file, label, picture.sha256())) {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
        digest.update(bytes);
      }
    }
    return new DataSet(
        name,
        classes,
        List.copyOf(training),
        List.copyOf(test),
        HexFormat.of().formatHex(digest.digest()),
        List.copyOf(tooLarge));
  }

  /** Whether the data set says itself which images are for the test. */
  boolean hasSplits() {
    return !test.isEmpty();
  }

  /** All images. */
  int size() {
    return training.size() + test.size();
  }

  private static List<String> classes(List<String> files, Naming naming, int splitDepth) {
    TreeSet<String> folders = new TreeSet<>();
    for (String file : files) {
      String folder = ImageFiles.folderOf(file);
      if (folder == null || file.split("/").length - 2 == splitDepth) {
        throw new ExperimentException("%s is in no folder that names its class".formatted(file));
      }
      folders.add(folder);
    }
    List<String> found = new ArrayList<>();
    for (String folder : folders) {
      String label = naming.folderClasses().getOrDefault(folder, folder);
      if (!naming.classes().isEmpty() && !naming.classes().contains(label)) {
        throw new ExperimentException(
            "folder %s is none of the classes %s: name its class with --folder-class %s=CLASS"
                .formatted(folder, naming.classes(), folder));
      }
      if (!found.contains(label)) {
        found.add(label);
      }
    }
    List<String> classes = naming.classes().isEmpty() ? found : naming.classes();
    if (classes.size() < 2 || new HashSet<>(classes).size() < classes.size()) {
      throw new ExperimentException(
          "at least two classes are needed, no two alike, not " + classes);
    }
    return List.copyOf(classes);
  }

  private static String labelOf(String file, Naming naming) {
    String folder = ImageFiles.folderOf(file);
    return naming.folderClasses().getOrDefault(folder, folder);
  }

  /** How many folders all paths begin with. */
  private static int commonRoot(List<String> names) {
    String[] common = names.get(0).split("/");
    int length = common.length - 1;
    for (String name : names) {
      String[] parts = name.split("/");
      int same = 0;
      while (same < Math.min(length, parts.length - 1) && parts[same].equals(common[same])) {
        same++;
      }
      length = same;
    }
    return length;
  }

  private static boolean hasSplits(List<String> names, int root) {
    HashSet<String> found = new HashSet<>();
    names.forEach(name -> found.add(splitOf(name, root)));
    return found.contains(TRAIN) && found.contains(TEST);
  }

  /** The folder below the common root; empty for a file that lies in the root itself. */
  private static String splitOf(String name, int root) {
    String[] parts = name.split("/");
    return parts.length > root + 1 ? parts[root] : "";
  }
}
