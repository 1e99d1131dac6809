#pragma once

#include "ebb/nn/slots.h"

namespace ebb::models {

/// Which channels are active together: the mean over all pixels of the outer product of the channels, then the signed
/// square root and L2 normalisation. (N, D, H, W) -> (N, D * D); Lin et al., ICCV 2015.
struct BilinearPooling : nn::Module {
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};

}  // namespace ebb::models
