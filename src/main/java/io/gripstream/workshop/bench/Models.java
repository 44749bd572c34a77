package io.gripstream.workshop.bench;

import io.gripstream.clip.ClipConfig;
import io.gripstream.clip.ComputeDevice;
import io.gripstream.clip.ComputeDevice.Precision;
import io.gripstream.clip.TorchClip;
import io.gripstream.model.ModelFolder;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/** The models to measure with, each loaded when it is first asked for. */
public final class Models implements AutoCloseable {
  private final ModelFolder large;
  private final ModelFolder small;
  private final ComputeDevice device;
  private final Map<Precision, TorchClip> loaded = new EnumMap<>(Precision.class);
  private TorchClip pico;

  /**
   * @param large of a real model's sizes
   * @param small the embedded one
   */
  public Models(ModelFolder large, ModelFolder small, ComputeDevice device) {
    this.large = large;
    this.small = small;
    this.device = device;
  }

  ComputeDevice device() {
    return device;
  }

  ClipConfig config() throws IOException {
    return ClipConfig.read(large.path().resolve("config.json"));
  }

  /** The large model as it is served on this device. */
  TorchClip large() throws IOException {
    return large(device.precision());
  }

  TorchClip large(Precision precision) throws IOException {
    TorchClip clip = loaded.get(precision);
    if (clip == null) {
      clip = large.load(new ComputeDevice(device.device(), precision));
      loaded.put(precision, clip);
    }
    return clip;
  }

  TorchClip pico() throws IOException {
    if (pico == null) {
      pico = small.load(device);
    }
    return pico;
  }

  @Override
  public void close() {
    loaded.values().forEach(TorchClip::close);
    if (pico != null) {
      pico.close();
    }
  }
}
