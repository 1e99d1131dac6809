#include "ebb/nn/layers/embedding.h"

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/index/embedding.h"
#include "ebb/nn/init/init.h"

namespace ebb::nn {

static EmbeddingOptions checked(EmbeddingOptions o) {
  if (!o.padding_idx) return o;
  const std::int64_t n = o.num_embeddings;
  check(*o.padding_idx >= -n && *o.padding_idx < n, "Embedding: padding_idx must be within num_embeddings (", n,
        "), got ", *o.padding_idx);
  if (*o.padding_idx < 0) *o.padding_idx += n;
  return o;
}

Embedding::Embedding(const EmbeddingOptions& o) : Embedding(o, empty({o.num_embeddings, o.embedding_dim})) {
  reset_parameters();
}

Embedding::Embedding(const EmbeddingOptions& o, const Tensor& table)
    : options(checked(o)), weight(this, "weight", table) {
  const Shape shape{o.num_embeddings, o.embedding_dim};
  check(table.shape() == shape, "Embedding: the weight must be ", shape, ", got shape ", table.shape());
}

Embedding Embedding::from_pretrained(const Tensor& weight, bool freeze, std::optional<std::int64_t> padding_idx) {
  check(weight.dim() == 2, "Embedding: a table must have 2 dimensions, got shape ", weight.shape());
  Embedding embedding({weight.size(0), weight.size(1), padding_idx}, weight);
  embedding.requires_grad_(!freeze);
  return embedding;
}

void Embedding::reset_parameters() {
  init::normal_(weight);
  const NoGradGuard no_grad;
  if (options.padding_idx) weight.get()[*options.padding_idx].zero_();
}

Tensor Embedding::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  return ebb::embedding(x, weight, {.padding_idx = options.padding_idx});
}

std::string Embedding::extra_repr() const {
  const std::string sizes = std::to_string(options.num_embeddings) + ", " + std::to_string(options.embedding_dim);
  return options.padding_idx ? sizes + ", padding_idx=" + std::to_string(*options.padding_idx) : sizes;
}

}  // namespace ebb::nn
