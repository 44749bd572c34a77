package io.gripstream.workshop.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/** All there are, by name. */
public final class Benchmarks {
  private Benchmarks() {}

  /** In the order in which they are run. */
  public static Map<String, Benchmark> all() {
    Map<String, Benchmark> all = new LinkedHashMap<>();
    all.put("encode", new EncodeBench());
    all.put("decode", new DecodeBench());
    all.put("label", new LabelBench());
    all.put("refine", new RefineBench());
    all.put("swap", new SwapBench());
    all.put("tasks", new TasksBench());
    all.put("soak", new SoakBench());
    return all;
  }
}
