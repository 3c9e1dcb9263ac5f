// Small ONNX models, written with protobuf alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "estimator/onnx/onnx_schema.pb.h"

namespace wattgrind {

class ModelBuilder {
 public:
  explicit ModelBuilder(int64_t opset = 13);

  // Dimensions below 0 have no number: they are called "n1", "n2", ... by their value.
  ModelBuilder& input(const std::string& name, const std::vector<int64_t>& dims);
  ModelBuilder& output(const std::string& name);
  ModelBuilder& weights(const std::string& name, const std::vector<int64_t>& dims,
                        const std::vector<float>& values);
  ModelBuilder& integers(const std::string& name, const std::vector<int64_t>& values);

  // The node added last takes the attributes.
  ModelBuilder& node(const std::string& type, const std::vector<std::string>& inputs,
                     const std::vector<std::string>& outputs);
  ModelBuilder& with(const std::string& attribute, int64_t value);
  ModelBuilder& with(const std::string& attribute, float value);
  ModelBuilder& with(const std::string& attribute, const std::vector<int64_t>& values);
  ModelBuilder& with(const std::string& attribute, const std::string& value);

  onnx::ModelProto& proto() { return model_; }
  std::string bytes() const { return model_.SerializeAsString(); }

 private:
  onnx::AttributeProto& attribute(const std::string& name);

  onnx::ModelProto model_;
};

}  // namespace wattgrind
