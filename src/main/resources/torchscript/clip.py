# The arithmetic of CLIP, once: for labelling, for tuning prompts and for pretraining.
#
# This is TorchScript source as a TorchScript archive holds it, compiled by the engine when it is loaded. Shapes: N images
# or texts, S pixels a side, L tokens, W width, H heads, D feature size, C classes, G contexts (1: shared by all classes,
# C: one for each), M context vectors, V vectors of a visual prefix, B samples of a training step.
#
# Weights come in as flat lists. Image: class embedding [W], patch embedding [W, 3, p, p], positions [L, W],
# pre-norm (weight, bias), post-norm (weight, bias), projection [D, W]. Text: token embedding [V, W], positions [T, W],
# final norm (weight, bias), projection [D, W]. Then 12 tensors a layer, as block() takes them.
class Clip(Module):
  __parameters__ = []
  __buffers__ = []

  def image_heads(self: __torch__.Clip) -> int:
    return @imageHeads@

  def text_heads(self: __torch__.Clip) -> int:
    return @textHeads@

  def epsilon(self: __torch__.Clip) -> float:
    return @epsilon@

  def quick_gelu(self: __torch__.Clip) -> bool:
    return @quickGelu@

  def norm(self: __torch__.Clip, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.layer_norm(x, [x.size(-1)], weight, bias, self.epsilon())

  def activation(self: __torch__.Clip, x: Tensor) -> Tensor:
    if self.quick_gelu():
      return x * torch.sigmoid(1.702 * x)
    else:
      return torch.gelu(x)

  # [.., W] -> queries, keys and values side by side, [.., 3W]
  def qkv(self: __torch__.Clip, x: Tensor, w: List[Tensor], at: int) -> Tensor:
    return torch.linear(self.norm(x, w[at], w[at + 1]), w[at + 2], w[at + 3])

  # Rows [N * L, 3W] -> queries, keys and values of each head, each [N, H, L, W / H]
  def heads(self: __torch__.Clip, qkv: Tensor, sequences: int, length: int, count: int) -> List[Tensor]:
    out = annotate(List[Tensor], [])
    for part in torch.chunk(qkv, 3, -1):
      out.append(part.reshape([sequences, length, count, -1]).transpose(1, 2))
    return out

  # The heads' findings side by side: [N, H, L, W / H] -> [N, L, W]
  def merged(self: __torch__.Clip, found: Tensor) -> Tensor:
    return found.transpose(1, 2).reshape([found.size(0), found.size(2), -1])

  # What attention found goes through the rest of the layer and is added to x; both [.., W].
  def rest(self: __torch__.Clip, x: Tensor, found: Tensor, w: List[Tensor], at: int) -> Tensor:
    x = x + torch.linear(found, w[at + 4], w[at + 5])
    hidden = self.activation(torch.linear(self.norm(x, w[at + 6], w[at + 7]), w[at + 8], w[at + 9]))
    return x + torch.linear(hidden, w[at + 10], w[at + 11])

  # A residual attention block, [N, L, W] -> [N, L, W]. Weights from w[at]: norm 1 (weight, bias), queries-keys-values
  # [3W, W] (and bias), output [W, W] (and bias), norm 2 (weight, bias), up [4W, W] (and bias), down [W, 4W] (and bias).
  def block(self: __torch__.Clip, x: Tensor, w: List[Tensor], at: int, count: int, causal: bool) -> Tensor:
    split = self.heads(self.qkv(x, w, at), x.size(0), x.size(1), count)
    found = torch.scaled_dot_product_attention(split[0], split[1], split[2], None, 0., causal)
    return self.rest(x, self.merged(found), w, at)

  def unit(self: __torch__.Clip, x: Tensor) -> Tensor:
    return x / torch.linalg_vector_norm(x, 2, [-1], True)

  # uint8 [N, S, S, 3] -> [N, L, W]: class token and patches, as they enter the first layer. What comes before it works on
  # each token alone, so these can be kept and a prefix put between them later.
  def image_tokens(self: __torch__.Clip, pixels: Tensor, w: List[Tensor]) -> Tensor:
    mean = torch.tensor(@mean@, dtype=6, device=pixels.device)
    deviation = torch.tensor(@deviation@, dtype=6, device=pixels.device)
    x = ((pixels.to(6) / @divisor@ - mean) / deviation).permute([0, 3, 1, 2]).to(w[1].dtype)
    patch = w[1].size(-1)
    x = torch.conv2d(x, w[1], None, [patch, patch]).flatten(2).transpose(1, 2)
    x = torch.cat([w[0].expand([x.size(0), 1, -1]), x], 1) + w[2]
    return self.norm(x, w[3], w[4])

  # [N, L, W] -> [N, D], rows of unit length
  def image_head(self: __torch__.Clip, x: Tensor, w: List[Tensor]) -> Tensor:
    for layer in range((torch.len(w) - 8) // 12):
      x = self.block(x, w, 8 + 12 * layer, self.image_heads(), False)
    return self.unit(torch.linear(self.norm(x.select(1, 0), w[5], w[6]), w[7]))

  # uint8 [N, S, S, 3] -> [N, D], rows of unit length
  def image_features(self: __torch__.Clip, pixels: Tensor, w: List[Tensor]) -> Tensor:
    return self.image_head(self.image_tokens(pixels, w), w)

  # The same behind a visual prefix [V, W], which stands after the class token and has no positions.
  def prefixed_features(self: __torch__.Clip, tokens: Tensor, prefix: Tensor, w: List[Tensor]) -> Tensor:
    p = self.norm(prefix.to(tokens.dtype), w[3], w[4]).expand([tokens.size(0), -1, -1])
    x = torch.cat([tokens.slice(1, 0, 1), p, tokens.slice(1, 1)], 1)
    return self.image_head(x, w)

  # The states at the end-of-text tokens, [N, W] -> [N, D], rows of unit length
  def text_head(self: __torch__.Clip, x: Tensor, w: List[Tensor]) -> Tensor:
    return self.unit(torch.linear(self.norm(x, w[2], w[3]), w[4]))

  # Token ids [N, L] that end at [N] -> [N, D]. Under the causal mask what follows the end changes nothing: L may be as
  # short as the longest text.
  def text_features(self: __torch__.Clip, ids: Tensor, ends: Tensor, w: List[Tensor]) -> Tensor:
    x = torch.embedding(w[0], ids) + w[1].slice(0, 0, ids.size(1))
    for layer in range((torch.len(w) - 5) // 12):
      x = self.block(x, w, 5 + 12 * layer, self.text_heads(), True)
    last = x.gather(1, ends.view([-1, 1, 1]).expand([-1, 1, x.size(2)])).squeeze(1)
    return self.text_head(last, w)

  # What no context changes of classes that share a learnt prefix of P = 1 + M tokens. start [1]: the start-of-text id; suffix
  # ids [C, L] that end at [C]; what follows an end is padding and is left out: T suffix tokens remain of all classes together.
  # -> the first token's input [1, W], the context's positions [M, W], the suffixes' inputs [T, W] and their queries, keys and
  # values in the first layer [T, 3W], the causal mask [L, P + L], where each place of [C, L] is among the T [C * L], where each
  # of the T is among C * L [T], where the ends are there [C], and what may be added to attention between all tokens at once
  # [P + T, P + T], or nothing where they are too many
  def frozen_classes(self: __torch__.Clip, length: int, start: Tensor, ids: Tensor, ends: Tensor, w: List[Tensor]) -> List[Tensor]:
    count, longest = ids.size(0), ids.size(1)
    real = torch.arange(longest, device=ids.device).unsqueeze(0).le(ends.unsqueeze(1)).flatten()
    packed = real.nonzero().squeeze(1)
    place = torch.clamp(real.to(4).cumsum(0) - 1, min=0)
    position = w[1].slice(0, 1 + length, 1 + length + longest)
    s = (torch.embedding(w[0], ids) + position).flatten(0, 1).index_select(0, packed)
    mask = torch.ones([longest, 1 + length + longest], dtype=11, device=ids.device).tril(1 + length)
    lasts = torch.arange(count, device=ids.device) * longest + ends
    first = torch.embedding(w[0], start) + w[1].slice(0, 0, 1)
    return [first, w[1].slice(0, 1, 1 + length), s, self.qkv(s, w, 5), mask, place, packed, lasts, self.together(1 + length, packed, longest, w[1])]

  # Zero where a token may look: at the prefix and at those before it of its own class; else minus infinity. Rows begin at multiples
  # of eight, which the kernels for a GPU ask for. There launches cost more than arithmetic, so more tokens are few.
  def together(self: __torch__.Clip, prefix: int, packed: Tensor, longest: int, like: Tensor) -> Tensor:
    total = prefix + packed.size(0)
    if total > (1024 if packed.is_cuda else 256):
      return torch.zeros([0, 0], dtype=like.dtype, device=like.device)
    else:
      classes = torch.cat([torch.full([prefix], -1, dtype=4, device=packed.device), torch.floor_divide(packed, longest)], 0)
      own = classes.unsqueeze(0).eq(classes.unsqueeze(1))
      seen = torch.logical_or(own, classes.unsqueeze(0).lt(0)).tril()
      wide = torch.zeros([total, (total + 7) // 8 * 8], dtype=like.dtype, device=like.device)
      return wide.slice(1, 0, total).masked_fill_(torch.logical_not(seen), -inf)

  # context [G, M, W], frozen: see frozen_classes -> [C, D]. All tokens of all classes are rows of one matrix [G * P + T, W], so that
  # each layer is one product; only attention sees them by class. Where all share one context and they are few, they are one
  # sequence for attention too, under a mask: fewer and larger pieces of work. Of the last layer's rows the ends count.
  def class_features(self: __torch__.Clip, context: Tensor, frozen: List[Tensor], w: List[Tensor]) -> Tensor:
    first, positions, suffixes, suffix_qkv, mask, place, packed, lasts, together = frozen
    p = torch.cat([first.expand([context.size(0), 1, -1]), context + positions], 1)
    rows = context.size(0) * p.size(1)
    ends = place.index_select(0, lasts) + rows
    x = torch.cat([p.flatten(0, 1), suffixes], 0)
    layers = (torch.len(w) - 5) // 12
    for layer in range(layers):
      at = 5 + 12 * layer
      if layer == 0:
        qkv = torch.cat([self.qkv(p.flatten(0, 1), w, at), suffix_qkv], 0)
      else:
        qkv = self.qkv(x, w, at)
      if context.size(0) == 1 and together.size(0) > 0:
        all = self.heads(qkv, 1, qkv.size(0), self.text_heads())
        found = self.merged(torch.scaled_dot_product_attention(all[0], all[1], all[2], together)).squeeze(0)
      else:
        found = self.by_class(qkv, context.size(0), p.size(1), mask, place + rows, packed, lasts.size(0))
      if layer == layers - 1:
        x = x.index_select(0, ends)
        found = found.index_select(0, ends)
      x = self.rest(x, found, w, at)
    return self.text_head(x, w)

  # Attention of each class over its prefix and its own tokens. The mask is causal, so a prefix does not depend on what follows it:
  # it is seen to once a context, and every class attends to its keys and values. Rows as class_features has them.
  def by_class(self: __torch__.Clip, qkv: Tensor, groups: int, length: int, mask: Tensor, place: Tensor, packed: Tensor, count: int) -> Tensor:
    own = self.heads(qkv.slice(0, 0, groups * length), groups, length, self.text_heads())
    each = self.heads(qkv.index_select(0, place), count, mask.size(0), self.text_heads())
    k = torch.cat([own[1].expand([count, -1, -1, -1]), each[1]], 2)
    v = torch.cat([own[2].expand([count, -1, -1, -1]), each[2]], 2)
    found = self.merged(torch.scaled_dot_product_attention(each[0], k, v, mask)).flatten(0, 1)
    before = self.merged(torch.scaled_dot_product_attention(own[0], own[1], own[2], None, 0., True)).flatten(0, 1)
    return torch.cat([before, found.index_select(0, packed)], 0)

  # Features in fp32, whatever the weights are, and of unit length in it: one that was rounded to bf16 is off by up to half a
  # percent.
  def single(self: __torch__.Clip, x: Tensor) -> Tensor:
    if x.dtype == 6:
      return x
    else:
      return self.unit(x.to(6))

  # [pixels] -> [image features], in fp32
  def encode_images(self: __torch__.Clip, inputs: List[Tensor], w: List[Tensor]) -> List[Tensor]:
    return [self.single(self.image_features(inputs[0], w))]

  # [pixels, prefix [V, W]] -> [image features behind the prefix], in fp32
  def encode_prefixed(self: __torch__.Clip, inputs: List[Tensor], w: List[Tensor]) -> List[Tensor]:
    return [self.single(self.prefixed_features(self.image_tokens(inputs[0], w), inputs[1], w))]

  # [pixels] -> [tokens]
  def tokens(self: __torch__.Clip, inputs: List[Tensor], w: List[Tensor]) -> List[Tensor]:
    return [self.image_tokens(inputs[0], w)]

  # [tokens, rows] or [tokens, rows, prefix] -> [image features of these rows]
  def encode_tokens(self: __torch__.Clip, inputs: List[Tensor], w: List[Tensor]) -> List[Tensor]:
    tokens = inputs[0].index_select(0, inputs[1])
    if torch.len(inputs) == 2:
      return [self.image_head(tokens, w)]
    else:
      return [self.prefixed_features(tokens, inputs[2], w)]

  # [ids, ends] -> [text features]
  def encode_texts(self: __torch__.Clip, inputs: List[Tensor], w: List[Tensor]) -> List[Tensor]:
    return [self.text_features(inputs[0], inputs[1], w)]

  # [ids [L]] -> [their input embeddings [L, W], without positions]
  def embed(self: __torch__.Clip, inputs: List[Tensor], w: List[Tensor]) -> List[Tensor]:
    return [torch.embedding(w[0], inputs[0])]

  # [share []] -> [this quantile of the norms of all tokens' embeddings []]
  def word_norm(self: __torch__.Clip, inputs: List[Tensor], w: List[Tensor]) -> List[Tensor]:
    return [torch.quantile(torch.linalg_vector_norm(w[0], 2, [1], False), inputs[0])]

  # [context [G, M, W], of which only the shape counts, start, ids, ends] -> see frozen_classes
  def freeze_classes(self: __torch__.Clip, inputs: List[Tensor], w: List[Tensor]) -> List[Tensor]:
    return self.frozen_classes(inputs[0].size(1), inputs[1], inputs[2], inputs[3], w)

  # [context, start, ids, ends] -> [class features]
  def encode_classes(self: __torch__.Clip, inputs: List[Tensor], w: List[Tensor]) -> List[Tensor]:
    return [self.class_features(inputs[0], self.freeze_classes(inputs, w), w)]

  # A multimodal prompt (UPT): text vectors [Mt, Wt] and visual ones [Mv, Wv] are projected to one width, go through one
  # transformer layer as one sequence, and are projected back. fusion: text vectors, visual vectors, text down (weight, bias),
  # visual down (weight, bias), text up (weight, bias), visual up (weight, bias), 12 tensors of the layer.
  # -> (context [1, Mt, Wt], prefix [Mv, Wv])
  def fused(self: __torch__.Clip, fusion: List[Tensor]) -> Tuple[Tensor, Tensor]:
    count = fusion[0].size(0)
    text = torch.linear(fusion[0], fusion[2], fusion[3])
    visual = torch.linear(fusion[1], fusion[4], fusion[5])
    x = torch.cat([text, visual], 0).unsqueeze(0)
    x = self.block(x, fusion, 10, 1, False)
    context = torch.linear(x.slice(1, 0, count), fusion[6], fusion[7])
    prefix = torch.linear(x.slice(1, count), fusion[8], fusion[9])
    return (context, prefix.squeeze(0))

  # fusion -> [context, prefix]
  def fuse(self: __torch__.Clip, inputs: List[Tensor]) -> List[Tensor]:
    context, prefix = self.fused(inputs)
    return [context, prefix]

  # Features [B, D], classes [C, D], scale [], bias [C], in nats -> [B, C]
  def logits(self: __torch__.Clip, features: Tensor, classes: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    return scale * torch.matmul(features, classes.t()) + bias

  # The weighted mean over rows of their surprise. A row of targets that sums to 1 is a distribution: cross-entropy. One that
  # sums to more is a set of candidates: -log of the probability of all of them together, a partial-label loss.
  def loss(self: __torch__.Clip, logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    probable = torch.log_softmax(logits, -1)
    distribution = -(targets * probable).sum([-1])
    candidates = -torch.logsumexp(probable + torch.log(torch.clamp(targets, min=1.0e-30)), [-1])
    return (weights * torch.where(targets.sum([-1]) > 1.5, candidates, distribution)).mean()

  # context [G, M, W]; [features [N, D], targets [N, C], weights [N], logit scale [], bias [C], rows [B]]; see frozen_classes
  # -> loss []
  def text_loss(self: __torch__.Clip, prompt: List[Tensor], inputs: List[Tensor], frozen: List[Tensor], text: List[Tensor]) -> Tensor:
    features, targets, weights, scale, bias, rows = inputs
    logits = self.logits(features.index_select(0, rows), self.class_features(prompt[0], frozen, text), scale, bias)
    return self.loss(logits, targets.index_select(0, rows), weights.index_select(0, rows))

  # prefix [V, W]; [class features [C, D], tokens [N, L, W], targets, weights, logit scale, bias [C], rows] -> loss []
  def visual_loss(self: __torch__.Clip, prompt: List[Tensor], inputs: List[Tensor], image: List[Tensor]) -> Tensor:
    rows = inputs[6]
    features = self.prefixed_features(inputs[1].index_select(0, rows), prompt[0], image)
    logits = self.logits(features, inputs[0], inputs[4], inputs[5])
    return self.loss(logits, inputs[2].index_select(0, rows), inputs[3].index_select(0, rows))

  # fusion; [tokens, targets, weights, logit scale, bias [C], rows]; see frozen_classes -> loss []
  def multimodal_loss(self: __torch__.Clip, prompt: List[Tensor], inputs: List[Tensor], frozen: List[Tensor], image: List[Tensor], text: List[Tensor]) -> Tensor:
    tokens, targets, weights, scale, bias, rows = inputs
    context, prefix = self.fused(prompt)
    features = self.prefixed_features(tokens.index_select(0, rows), prefix, image)
    logits = self.logits(features, self.class_features(context, frozen, text), scale, bias)
    return self.loss(logits, targets.index_select(0, rows), weights.index_select(0, rows))

  # A prompt's loss and its gradient in each of the prompt's tensors. Forward and backward are one call: nothing that
  # autograd remembers is ever in the hands of a garbage collector.
  def leaves(self: __torch__.Clip, prompt: List[Tensor]) -> List[Tensor]:
    out = annotate(List[Tensor], [])
    for i in range(torch.len(prompt)):
      out.append(prompt[i].detach().requires_grad_(True))
    return out

  def differentiated(self: __torch__.Clip, loss: Tensor, leaves: List[Tensor]) -> List[Tensor]:
    found = torch.autograd.grad([loss], leaves)
    out = [loss.detach()]
    for i in range(torch.len(found)):
      out.append(unchecked_cast(Tensor, found[i]))
    return out

  def text_gradient(self: __torch__.Clip, prompt: List[Tensor], inputs: List[Tensor], frozen: List[Tensor], text: List[Tensor]) -> List[Tensor]:
    leaves = self.leaves(prompt)
    return self.differentiated(self.text_loss(leaves, inputs, frozen, text), leaves)

  def text_value(self: __torch__.Clip, prompt: List[Tensor], inputs: List[Tensor], frozen: List[Tensor], text: List[Tensor]) -> List[Tensor]:
    return [self.text_loss(prompt, inputs, frozen, text)]

  def visual_gradient(self: __torch__.Clip, prompt: List[Tensor], inputs: List[Tensor], image: List[Tensor]) -> List[Tensor]:
    leaves = self.leaves(prompt)
    return self.differentiated(self.visual_loss(leaves, inputs, image), leaves)

  def visual_value(self: __torch__.Clip, prompt: List[Tensor], inputs: List[Tensor], image: List[Tensor]) -> List[Tensor]:
    return [self.visual_loss(prompt, inputs, image)]

  def multimodal_gradient(self: __torch__.Clip, prompt: List[Tensor], inputs: List[Tensor], frozen: List[Tensor], image: List[Tensor], text: List[Tensor]) -> List[Tensor]:
    leaves = self.leaves(prompt)
    return self.differentiated(self.multimodal_loss(leaves, inputs, frozen, image, text), leaves)

  def multimodal_value(self: __torch__.Clip, prompt: List[Tensor], inputs: List[Tensor], frozen: List[Tensor], image: List[Tensor], text: List[Tensor]) -> List[Tensor]:
    return [self.multimodal_loss(prompt, inputs, frozen, image, text)]

  # [a tensor, any of the new type] -> the weights in the other's type
  def converted(self: __torch__.Clip, inputs: List[Tensor], w: List[Tensor]) -> List[Tensor]:
    out = annotate(List[Tensor], [])
    for i in range(torch.len(w)):
      out.append(w[i].to(int(inputs[0])))
    return out

  # A step of contrastive pretraining, in place: forward, backward, clipping by the global norm, AdamW. Images and
  # captions with the same group number belong together, whichever of them were drawn as a pair.
  # inputs: pixels [N, S, S, 3], ids [N, L], ends [N], groups [N], learning rate [], step [] from 1.
  # scale: the logarithm of the logit scale. first, second: AdamW's moments of image, text and scale, in that order.
  # -> [loss [], share of images whose nearest caption is of their own group []]
  def pretrain_step(self: __torch__.Clip, inputs: List[Tensor], w: List[Tensor], text: List[Tensor], scale: List[Tensor], first: List[Tensor], second: List[Tensor]) -> List[Tensor]:
    parameters = annotate(List[Tensor], [])
    image_leaves = annotate(List[Tensor], [])
    text_leaves = annotate(List[Tensor], [])
    leaves = annotate(List[Tensor], [])
    for i in range(torch.len(w)):
      leaf = w[i].detach().requires_grad_(True)
      image_leaves.append(leaf)
      leaves.append(leaf)
      parameters.append(w[i])
    for i in range(torch.len(text)):
      leaf = text[i].detach().requires_grad_(True)
      text_leaves.append(leaf)
      leaves.append(leaf)
      parameters.append(text[i])
    log_scale = scale[0].detach().requires_grad_(True)
    leaves.append(log_scale)
    parameters.append(scale[0])
    images = self.image_features(inputs[0], image_leaves)
    texts = self.text_features(inputs[1], inputs[2], text_leaves)
    logits = torch.exp(log_scale) * torch.matmul(images, texts.t())
    same = inputs[3].unsqueeze(0).eq(inputs[3].unsqueeze(1)).to(6)
    targets = same / same.sum([1], True)
    loss = -0.5 * ((targets * torch.log_softmax(logits, 1)).sum([1]).mean() + (targets * torch.log_softmax(logits, 0)).sum([0]).mean())
    right = same.gather(1, logits.detach().argmax(1, True)).mean()
    found = torch.autograd.grad([loss], leaves)
    gradients = annotate(List[Tensor], [])
    total = torch.zeros([], dtype=6)
    for i in range(torch.len(found)):
      gradient = unchecked_cast(Tensor, found[i])
      gradients.append(gradient)
      total = total + gradient.square().sum()
    clip = float(torch.clamp(1. / (torch.sqrt(total) + 0.000001), max=1.))
    rate = float(inputs[4])
    step = float(inputs[5])
    correct_first = 1. - 0.9 ** step
    correct_second = 1. - 0.98 ** step
    for i in range(torch.len(gradients)):
      gradient = gradients[i] * clip
      parameter = parameters[i]
      first[i].mul_(0.9).add_(gradient, alpha=0.1)
      second[i].mul_(0.98).addcmul_(gradient, gradient, value=0.02)
      if parameter.dim() > 1:
        parameter.mul_(1. - rate * 0.1)
      deviation = (second[i] / correct_second).sqrt().add_(0.000001)
      parameter.addcdiv_(first[i], deviation, value=-rate / correct_first)
    scale[0].clamp_(max=4.6052)
    return [loss.detach(), right]
