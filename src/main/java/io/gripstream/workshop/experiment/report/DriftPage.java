package io.gripstream.workshop.experiment.report;

import io.gripstream.workshop.experiment.drift.DriftSummary;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/** The report of a played stream for people. */
final class DriftPage {
  private final DriftSummary summary;

  DriftPage(DriftSummary summary) {
    this.summary = summary;
  }

  String html() throws IOException {
    StringBuilder page = Frame.open("Gripstream drift");
    page.append(
        Markup.format(
            "<header>\n<p class=\"eyebrow\">Gripstream experiment</p>\n<h1>A stream that"
                + " changes</h1>\n<p class=\"lead\">%s. %s. Seeds %s. Each image is labeled by the"
                + " prompt that is live when it comes.</p>\n</header>\n",
            Markup.text(summary.what()),
            Markup.text(
                summary.parts().stream()
                    .map(part -> part.title() + " " + part.images())
                    .collect(Collectors.joining(", "))),
            summary.runs().stream()
                .map(run -> String.valueOf(run.seed()))
                .collect(Collectors.joining(", "))));
    for (int window : DriftSummary.WINDOWS) {
      chart(page, window);
    }
    Rows.write(
        page,
        "Accuracy",
        "In percent of the images of each part.",
        DriftTables.accuracyHead(summary),
        DriftTables.accuracy(summary));
    Rows.write(
        page,
        "Worst windows",
        "In points of accuracy against zero-shot on the same images, the worst of all seeds.",
        DriftTables.worstHead(),
        DriftTables.worst(summary));
    Rows.write(
        page,
        "After each change",
        "Images, and rounds that were requested meanwhile, until the contender serves a version from"
            + " which on 240 images have 80 % of what the best contender gains at the end of the"
            + " part; a figure for each seed.",
        DriftTables.recoveryHead(summary),
        DriftTables.recovery(summary));
    return Frame.close(page);
  }

  private void chart(StringBuilder page, int window) {
    page.append(
        Markup.format("<section>\n<h2>Over the last %d images</h2>\n<p class=\"legend\">", window));
    for (int c = 0; c < summary.contenders().size(); c++) {
      legend(page, DriftChart.color(c), summary.contenders().get(c).name());
    }
    page.append("</p>\n<p class=\"legend\">");
    for (String what : List.of("PROMOTED", "HELD", "ROLLED_BACK", "DRIFTED")) {
      legend(page, DriftChart.mark(what), what);
    }
    page.append("</p>\n").append(new DriftChart(summary, window).svg()).append("</section>\n");
  }

  private static void legend(StringBuilder page, int color, String name) {
    page.append(Markup.format("<span><i class=\"c%d\"></i>%s</span> ", color, Markup.text(name)));
  }
}
