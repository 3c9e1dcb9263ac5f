// Reads ONNX files with protobuf.
//
// Weights are not copied: tensors keep the places of their bytes in the mapped file, so that a
// model of 100 MB whose costs alone are asked for is read in milliseconds.
#pragma once

#include <filesystem>

#include "estimator/onnx/model.h"

namespace wattgrind {

// Throws Error(kInput) begun by the file's name for a file that is cut off or no ONNX model, holds
// no graph, is of a version that is not known, has tensors whose sizes are negative or contradict
// their bytes, or names files outside its own folder. A file of weights that is not there leaves
// their tensors without values.
OnnxModel read_onnx_model(const std::filesystem::path& path);
// The same of bytes that are at hand and outlive the model; external data are beside `folder`.
OnnxModel parse_onnx_model(std::span<const std::byte> bytes, const std::filesystem::path& folder,
                           std::string where);

// One tensor in a file of its own (".pb"), as ONNX's test suite keeps inputs and outputs.
struct OnnxTensorFile {
  std::shared_ptr<const MappedFile> file;  // what the tensor's bytes lie in
  OnnxTensor tensor;
};
OnnxTensorFile read_onnx_tensor(const std::filesystem::path& path);

}  // namespace wattgrind
