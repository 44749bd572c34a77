package io.gripstream.gateway.stream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ImageTypeTest {
  @Test
  void imagesAreKnownByTheirFirstBytes() throws IOException {
    assertThat(ImageType.of(encoded("png"))).contains(ImageType.PNG);
    assertThat(ImageType.of(encoded("jpeg"))).contains(ImageType.JPEG);
    assertThat(ImageType.of(encoded("gif"))).contains(ImageType.GIF);
    assertThat(ImageType.of(encoded("bmp"))).contains(ImageType.BMP);
    assertThat(ImageType.of("II*\0\10\0\0\0".getBytes(ISO_8859_1))).contains(ImageType.TIFF);
    assertThat(ImageType.of("MM\0*\0\0\0\10".getBytes(ISO_8859_1))).contains(ImageType.TIFF);
    assertThat(ImageType.of("RIFF\0\0\0\0WEBPVP8 ".getBytes(ISO_8859_1))).contains(ImageType.WEBP);
  }

  @Test
  void whatABrowserMightRunIsNoImage() {
    assertThat(ImageType.of("<svg xmlns='http://www.w3.org/2000/svg'/>".getBytes(ISO_8859_1)))
        .isEmpty();
    assertThat(ImageType.of("<!doctype html><script>1</script>".getBytes(ISO_8859_1))).isEmpty();
    assertThat(ImageType.of("BM is how this text begins, by chance".getBytes(ISO_8859_1)))
        .isEmpty();
    assertThat(ImageType.of(new byte[0])).isEmpty();
  }

  private static byte[] encoded(String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(ImageIO.write(new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB), format, out))
        .isTrue();
    return out.toByteArray();
  }
}
