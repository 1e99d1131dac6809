#pragma once

#include <string>

#include "ebb/core/value/value.h"
#include "ebb/nn/layer.h"

/// Models that Python saved whole, torch.save(model), and that it is to load so. Of any class, io::state_dict_of gives
/// the weights.
namespace ebb::interop {

/// Whether `value` is a module of Python: an object that has parameters, buffers and children.
bool is_whole_model(const Value& value);

/// The running module, with its weights, modes, and shared parts shared. Its classes must be those of torch.nn that ebb
/// has or torchvision's ResNet; an Error names all that are not. DataParallel gives the module inside. Hooks, and
/// whether parameters are frozen, are not in it.
nn::Layer from_python(const Value& model);
/// A value that, saved, torch.load(path, weights_only=False) makes the same module of torch.nn from. An Error names the
/// classes that Python has not.
Value to_python(const nn::Module& module);

/// As from_python and to_python, from and to a file; what from_python cannot make is a FileError here.
nn::Layer load_module(const std::string& path, Site site = Site::current());
void save_module(const std::string& path, const nn::Module& module, Site site = Site::current());

}  // namespace ebb::interop
