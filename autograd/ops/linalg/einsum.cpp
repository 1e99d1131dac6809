#include "ebb/autograd/ops/linalg/einsum.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <string>

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/autograd/ops/linalg/linalg.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/diagonal.h"
#include "ebb/autograd/ops/shape/rearrange.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {

using autograd::Autocasting;
using autograd::Precision;
namespace {

using Labels =
    std::string;  // one for each dimension; those of an ellipsis are digits, of which the last dimension is '9'

/// A tensor whose dimensions have different labels.
struct Term {
  Tensor x;
  Labels labels;
};

bool has(const Labels& labels, char label) { return labels.find(label) != Labels::npos; }

Labels ellipsis_labels(int dims) {
  Labels labels;
  for (int i = dims; i > 0; --i) labels.push_back(static_cast<char>('9' + 1 - i));
  return labels;
}

/// The labels of a subscript, where an ellipsis stands for `dims` dimensions.
Labels labels_of(std::string_view subscript, int dims) {
  Labels labels;
  bool found = false;
  for (std::size_t i = 0; i < subscript.size(); ++i) {
    if (subscript[i] == ' ') continue;
    if (subscript[i] == '.') {
      check(subscript.substr(i, 3) == "..." && !found, "one ellipsis of three dots is allowed in a subscript, got \"",
            subscript, "\"");
      labels += ellipsis_labels(dims);
      found = true;
      i += 2;
    } else {
      check(std::isalpha(static_cast<unsigned char>(subscript[i])) != 0, "subscripts are letters, got \"", subscript,
            "\"");
      labels.push_back(subscript[i]);
    }
  }
  return labels;
}

int ellipsis_dims(std::string_view subscript, const Tensor& x) {
  const auto letters = static_cast<int>(labels_of(subscript, 0).size());
  const bool has_ellipsis = subscript.find('.') != std::string_view::npos;
  check(has_ellipsis ? x.dim() >= letters : x.dim() == letters, "the subscript \"", subscript, "\" names ", letters,
        " dimensions, its tensor has shape ", x.shape());
  return x.dim() - letters;
}

std::vector<std::string_view> parted(std::string_view list) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = list.find(',');
    parts.push_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

/// Repeated labels as diagonals.
Term without_repeats(Term term) {
  for (std::size_t i = 0; i < term.labels.size(); ++i) {
    for (std::size_t j = term.labels.find(term.labels[i], i + 1); j != Labels::npos;
         j = term.labels.find(term.labels[i], i + 1)) {
      const int first = static_cast<int>(i), second = static_cast<int>(j);
      check(term.x.size(first) == term.x.size(second), "sizes of the repeated subscript '", term.labels[i],
            "' differ: shape ", term.x.shape());
      term.x = movedim(diagonal(term.x, 0, first, second), {-1}, {first});
      term.labels.erase(j, 1);
    }
  }
  return term;
}

/// Summed over what is not `needed`.
Term summed(const Term& term, const Labels& needed) {
  Dims dims;
  Labels left;
  for (std::size_t i = 0; i < term.labels.size(); ++i) {
    if (has(needed, term.labels[i])) {
      left.push_back(term.labels[i]);
    } else {
      dims.push_back(static_cast<std::int64_t>(i));
    }
  }
  return dims.empty() ? term : Term{sum(term.x, dims), left};
}

Tensor permuted(const Term& term, const Labels& order) {
  Dims dims;
  for (const char label : order) dims.push_back(static_cast<std::int64_t>(term.labels.find(label)));
  return term.x.permute(dims);
}

std::int64_t size_of(const Term& term, char label) {
  return term.x.size(static_cast<std::int64_t>(term.labels.find(label)));
}

/// The term with sizes of 1 that the other one has larger expanded.
Term broadcast(const Term& term, const Term& other) {
  Shape shape = term.x.shape();
  for (std::size_t i = 0; i < term.labels.size(); ++i) {
    if (!has(other.labels, term.labels[i])) continue;
    const std::int64_t own = shape[static_cast<int>(i)], theirs = size_of(other, term.labels[i]);
    check(own == theirs || own == 1 || theirs == 1, "the subscript '", term.labels[i], "' has sizes ", own, " and ",
          theirs);
    if (own == 1) shape[static_cast<int>(i)] = theirs;
  }
  return {term.x.expand(shape), term.labels};
}

/// The product of both, summed over what is not needed: one batched product of matrices.
Term multiplied(const Term& left, const Term& right, const Labels& needed) {
  const Term a = broadcast(left, right), b = broadcast(right, left);
  Labels batch, contracted, rows, columns;
  Shape shape;
  std::int64_t batches = 1, length = 1;
  for (const char label : a.labels) {
    if (!has(b.labels, label)) {
      rows.push_back(label);
    } else if (has(needed, label)) {
      batch.push_back(label);
      batches *= size_of(a, label);
    } else {
      contracted.push_back(label);
      length *= size_of(a, label);
    }
  }
  std::ranges::copy_if(b.labels, std::back_inserter(columns), [&](char label) { return !has(a.labels, label); });
  std::int64_t height = 1, width = 1;
  for (const char label : batch) shape.push_back(size_of(a, label));
  for (const char label : rows) height *= size_of(a, label), shape.push_back(size_of(a, label));
  for (const char label : columns) width *= size_of(b, label), shape.push_back(size_of(b, label));
  const Tensor matrices = permuted(a, batch + rows + contracted).reshape({batches, height, length});
  const Tensor others = permuted(b, batch + contracted + columns).reshape({batches, length, width});
  return {bmm(matrices, others).reshape(shape), batch + rows + columns};
}

/// Those that appear once, in alphabetical order, after the ellipsis.
Labels implicit_result(const std::vector<Term>& terms, const Labels& ellipsis) {
  std::map<char, int> count;
  for (const Term& term : terms) {
    for (const char label : term.labels) ++count[label];
  }
  Labels result = ellipsis;
  for (const auto& [label, times] : count) {
    if (times == 1 && std::isalpha(static_cast<unsigned char>(label)) != 0) result.push_back(label);
  }
  return result;
}

void check_result(const Labels& result, const std::vector<Term>& terms) {
  for (const char label : result) {
    check(std::ranges::count(result, label) == 1, "the result names '", label, "' more than once");
    check(std::ranges::any_of(terms, [&](const Term& t) { return has(t.labels, label); }), "the result names '", label,
          "', which no operand has");
  }
}

}  // namespace

Tensor einsum(std::string_view equation, const std::vector<Tensor>& operands, Site site) {
  if (const Autocasting as(Precision::lower, operands.empty() ? Tensor() : operands[0]); as)
    return einsum(equation, as(operands), site);
  const OpScope op("einsum", site);
  const std::size_t arrow = equation.find("->");
  const auto subscripts = parted(equation.substr(0, arrow));
  check(!operands.empty() && subscripts.size() == operands.size(), "\"", equation, "\" has ", subscripts.size(),
        " subscripts for ", operands.size(), " operands");
  int most = 0;
  std::vector<Term> terms;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const int dims = ellipsis_dims(subscripts[i], operands[i]);
    most = std::max(most, dims);
    terms.push_back({operands[i], labels_of(subscripts[i], dims)});
  }
  const Labels result = arrow == std::string_view::npos ? implicit_result(terms, ellipsis_labels(most))
                                                        : labels_of(equation.substr(arrow + 2), most);
  check_result(result, terms);
  std::ranges::transform(terms, terms.begin(), without_repeats);
  Term product = terms[0];
  for (std::size_t i = 0; i < terms.size(); ++i) {
    Labels needed = result;
    for (std::size_t k = i + 1; k < terms.size(); ++k) needed += terms[k].labels;
    if (i == 0) {
      product = summed(product, needed);
    } else {
      product = multiplied(product, summed(terms[i], needed + product.labels), needed);
      product = summed(product, needed);
    }
  }
  return permuted(product, result);
}

}  // namespace ebb
