// The products, norms and activations of one layer of BERT, all of which are alike.
#include "apps/bench/cases/make_cases.h"
#include "apps/bench/cases/suites.h"

namespace ebb::bench {
namespace {

struct Bert {
  std::int64_t hidden, heads, layers;
};

/// `count` times in each layer.
void add(std::vector<Case>& cases, Case c, std::int64_t count) {
  c.layers = static_cast<int>(count);
  cases.push_back(std::move(c));
}

}  // namespace

std::vector<Case> bert_cases(std::int64_t batch) {
  constexpr std::int64_t length = 384;  // of a sequence of SQuAD
  std::vector<Case> cases;
  for (const auto& [hidden, heads, layers] : {Bert{768, 12, 12}, Bert{1024, 16, 24}}) {
    const std::int64_t tokens = batch * length, head = hidden / heads, matrices = batch * heads;
    add(cases, linear_case(tokens, hidden, hidden), 4 * layers);
    add(cases, linear_case(tokens, hidden, 4 * hidden), layers);
    add(cases, linear_case(tokens, 4 * hidden, hidden), layers);
    add(cases, bmm_case(matrices, length, length, head, "nt"), layers);
    add(cases, bmm_case(matrices, length, head, length), layers);
    add(cases, softmax_case(matrices * length, length), layers);
    add(cases, layer_norm_case(tokens, hidden), 2 * layers);
    add(cases, elementwise_case(Elementwise::gelu, {tokens, 4 * hidden}), layers);
  }
  return cases;
}

}  // namespace ebb::bench
