#pragma once

#include <optional>

#include "ebb/nn/slots.h"

namespace ebb::nn {

struct EmbeddingOptions {
  std::int64_t num_embeddings, embedding_dim;
  std::optional<std::int64_t> padding_idx = {};  ///< a row of zeros that gets no gradient; from the end where negative
};

/// The rows of a trained table that integers name: (...) -> (..., embedding_dim). See ebb::embedding.
class Embedding : public Module {
 public:
  explicit Embedding(const EmbeddingOptions& options);
  /// With a table of its own: (num_embeddings, embedding_dim).
  Embedding(const EmbeddingOptions& options, const Tensor& weight);
  /// A given table, frozen unless said otherwise.
  static Embedding from_pretrained(const Tensor& weight, bool freeze = true,
                                   std::optional<std::int64_t> padding_idx = {});

  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  void reset_parameters();
  std::string extra_repr() const override;

  EmbeddingOptions options;
  Parameter weight;  ///< (num_embeddings, embedding_dim)
};

inline Embedding embedding(const EmbeddingOptions& options) { return Embedding(options); }
inline Embedding embedding(std::int64_t num_embeddings, std::int64_t embedding_dim) {
  return Embedding({num_embeddings, embedding_dim});
}

}  // namespace ebb::nn
