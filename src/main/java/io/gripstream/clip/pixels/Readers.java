package io.gripstream.clip.pixels;

import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;

/**
 * The one reader of each format: the JDK's own, and TwelveMonkeys' for WebP and TIFF. They are
 * picked by hand, since {@code ImageIO} would offer whatever the class path of the thread that
 * first used it held, in any order.
 */
final class Readers {
  private final Map<ImageFormat, ImageReaderSpi> providers = new EnumMap<>(ImageFormat.class);

  Readers() {
    IIORegistry registry = IIORegistry.getDefaultInstance();
    providers.put(ImageFormat.JPEG, ofJdk(registry, "jpeg.JPEGImageReaderSpi"));
    providers.put(ImageFormat.PNG, ofJdk(registry, "png.PNGImageReaderSpi"));
    providers.put(ImageFormat.GIF, ofJdk(registry, "gif.GIFImageReaderSpi"));
    providers.put(ImageFormat.BMP, ofJdk(registry, "bmp.BMPImageReaderSpi"));
    ImageReaderSpi webp = new WebPImageReaderSpi();
    providers.put(ImageFormat.WEBP, webp);
    providers.put(ImageFormat.WEBP_LOSSLESS, webp);
    providers.put(ImageFormat.TIFF, new TIFFImageReaderSpi());
  }

  /** A new reader; the caller disposes of it. Readers are not thread-safe, this method is. */
  ImageReader open(ImageFormat format) throws IOException {
    return providers.get(format).createReaderInstance();
  }

  private static ImageReaderSpi ofJdk(IIORegistry registry, String name) {
    Iterator<ImageReaderSpi> all = registry.getServiceProviders(ImageReaderSpi.class, false);
    while (all.hasNext()) {
      ImageReaderSpi provider = all.next();
      if (provider.getClass().getName().equals("com.sun.imageio.plugins." + name)) {
        return provider;
      }
    }
    throw new IllegalStateException("this JDK has no image reader " + name);
  }
}
