#pragma once

#include <cstdint>
#include <iterator>
#include <memory>

#include "ebb/data/datasets.h"

namespace ebb::data {

struct Batch {
  Tensor images;  ///< (B, C, H, W)
  Tensor labels;  ///< (B)
};

struct LoaderOptions {
  std::int64_t batch_size = 1;
  bool shuffle = false;
  bool drop_last = false;  ///< leave out a last batch that is smaller than the others
  std::uint64_t seed = 0;  ///< of the shuffling
  int prefetch = 2;        ///< batches that a thread prepares ahead; 0 for no thread
  /// Batches lie in pinned memory: images.to(kCUDA, true) copies them while the host goes on. Needs a GPU.
  bool pin_memory = false;
  /// Where batches are. To a GPU they are copied ahead, too, on a stream of their own.
  Device device = kCPU;
  /// Of several loaders over one data set each gets every `num_replicas`-th row of an epoch's order, from row `rank`
  /// on, and as many batches as the others: the last round is filled up with rows from the start, or with drop_last
  /// left out. So together they give the batches of one loader with a batch_size of their sum. PyTorch's
  /// DistributedSampler.
  int num_replicas = 1;
  int rank = 0;
};

class Epoch;

/// Gives a data set batch by batch. Each loop over it is one epoch, with an order of its own that depends on the seed
/// and the number of the epoch alone. A loop that is left early stops the thread that works ahead; an error there is
/// rethrown here.
///
///     auto batches = data::loader(data::fashion_mnist("train"), {.batch_size = 100, .shuffle = true});
///     for (auto& [images, labels] : batches) train(images, labels);
class DataLoader {
 public:
  DataLoader(Dataset dataset, LoaderOptions options);

  class Iterator {
   public:
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(std::shared_ptr<Epoch> epoch);
    Batch& operator*() { return batch_; }
    Iterator& operator++();
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !batch_.images.defined(); }

   private:
    std::shared_ptr<Epoch> epoch_;
    Batch batch_;
  };

  Iterator begin();  ///< starts the next epoch
  std::default_sentinel_t end() const { return {}; }

  std::int64_t size() const;  ///< batches in an epoch
  const Dataset& dataset() const { return *dataset_; }

  /// The epoch that begin() starts next, from 0. To resume, set the one that was saved.
  std::int64_t epoch() const { return epoch_; }
  void set_epoch(std::int64_t epoch);

 private:
  std::shared_ptr<const Dataset> dataset_;
  LoaderOptions options_;
  std::int64_t epoch_ = 0;
};

DataLoader loader(Dataset dataset, LoaderOptions options = {});

}  // namespace ebb::data
