package io.gripstream.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import io.gripstream.clip.ComputeDevice.Cards;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComputeDeviceTest {
  private final List<String> warnings = new ArrayList<>();

  private Device choose(String device, boolean cuda, int count) {
    return ComputeDevice.choose(device, new Cards(cuda, count), warnings::add);
  }

  @Test
  void anEngineForCudaThatSeesNoCardIsWarnedOfWithTheLibraryThatItLooksFor() {
    assertThat(choose("auto", true, 0)).isEqualTo(Device.cpu());
    assertThat(warnings).singleElement().asString().contains("libcudart.so", "nvidia-smi");
  }

  @Test
  void nothingIsSaidWhereTheProcessorIsWhatThereIsOrWasAskedFor() {
    assertThat(choose("auto", false, 0)).isEqualTo(Device.cpu());
    assertThat(choose("cpu", true, 0)).isEqualTo(Device.cpu());
    assertThat(choose("auto", true, 2)).isEqualTo(Device.gpu(0));
    assertThat(choose("cuda:1", true, 2)).isEqualTo(Device.gpu(1));
    assertThat(warnings).isEmpty();
  }

  @Test
  void aCardThatIsNotThereIsRefusedWithWhatIsMissing() {
    assertThatThrownBy(() -> choose("cuda", true, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sees 0 GPUs")
        .hasMessageContaining("libcudart.so");
    assertThatThrownBy(() -> choose("cuda:2", false, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("built without CUDA")
        .hasMessageContaining("PYTORCH_LIBRARY_PATH");
  }
}
