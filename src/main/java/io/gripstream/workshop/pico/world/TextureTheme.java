package io.gripstream.workshop.pico.world;

import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.util.List;
import java.util.SplittableRandom;

/** A texture that fills the picture. */
final class TextureTheme implements Theme {
  @Override
  public String name() {
    return "textures";
  }

  @Override
  public List<String> classes() {
    return Texture.words();
  }

  @Override
  public String template() {
    return "a photo of {}";
  }

  @Override
  public String paint(Canvas canvas, Look look, int label, SplittableRandom random) {
    Texture texture = Texture.all().get(label);
    Palette palette = Palette.any(random);
    canvas.clear(look.resolution(), palette.groundShade());
    Graphics2D g = canvas.graphics();
    AffineTransform before = g.getTransform();
    g.translate(.3 + .4 * random.nextDouble(), .3 + .4 * random.nextDouble());
    g.rotate(.05 * random.nextGaussian());
    texture.paint(g, palette.inkShade(), .1 + .16 * random.nextDouble(), random);
    g.setTransform(before);
    String phrase = Captions.pick(Captions.TEXTURE_PHRASES, random).replace("@", texture.word());
    switch (random.nextInt(5)) {
      case 0 -> phrase += " in " + palette.ink().word() + " on " + palette.ground().word();
      case 1 -> phrase += " in " + palette.ink().word() + " and " + palette.ground().word();
      default -> {}
    }
    return Captions.frame(phrase, look, random);
  }
}
