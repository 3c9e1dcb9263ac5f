#include "tests/estimator/onnx/model_builder.h"

namespace wattgrind {

ModelBuilder::ModelBuilder(int64_t opset) {
  model_.set_ir_version(8);
  model_.mutable_graph()->set_name("test");
  auto* set = model_.add_opset_import();
  set->set_domain("");
  set->set_version(opset);
}

ModelBuilder& ModelBuilder::input(const std::string& name, const std::vector<int64_t>& dims) {
  auto* value = model_.mutable_graph()->add_input();
  value->set_name(name);
  auto* type = value->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  for (const int64_t extent : dims) {
    auto* dim = type->mutable_shape()->add_dim();
    if (extent < 0) {
      dim->set_dim_param("n" + std::to_string(-extent));
    } else {
      dim->set_dim_value(extent);
    }
  }
  return *this;
}

ModelBuilder& ModelBuilder::output(const std::string& name) {
  auto* value = model_.mutable_graph()->add_output();
  value->set_name(name);
  value->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  return *this;
}

ModelBuilder& ModelBuilder::weights(const std::string& name, const std::vector<int64_t>& dims,
                                    const std::vector<float>& values) {
  auto* tensor = model_.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t extent : dims) tensor->add_dims(extent);
  tensor->set_raw_data(values.data(), values.size() * sizeof(float));
  return *this;
}

ModelBuilder& ModelBuilder::integers(const std::string& name, const std::vector<int64_t>& values) {
  auto* tensor = model_.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::INT64);
  tensor->add_dims(static_cast<int64_t>(values.size()));
  for (const int64_t value : values) tensor->add_int64_data(value);
  return *this;
}

ModelBuilder& ModelBuilder::node(const std::string& type, const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs) {
  auto* node = model_.mutable_graph()->add_node();
  node->set_op_type(type);
  for (const std::string& input : inputs) node->add_input(input);
  for (const std::string& output : outputs) node->add_output(output);
  return *this;
}

onnx::AttributeProto& ModelBuilder::attribute(const std::string& name) {
  auto* graph = model_.mutable_graph();
  auto* attribute = graph->mutable_node(graph->node_size() - 1)->add_attribute();
  attribute->set_name(name);
  return *attribute;
}

ModelBuilder& ModelBuilder::with(const std::string& name, int64_t value) {
  auto& made = attribute(name);
  made.set_type(onnx::AttributeProto::INT);
  made.set_i(value);
  return *this;
}

ModelBuilder& ModelBuilder::with(const std::string& name, float value) {
  auto& made = attribute(name);
  made.set_type(onnx::AttributeProto::FLOAT);
  made.set_f(value);
  return *this;
}

ModelBuilder& ModelBuilder::with(const std::string& name, const std::vector<int64_t>& values) {
  auto& made = attribute(name);
  made.set_type(onnx::AttributeProto::INTS);
  for (const int64_t value : values) made.add_ints(value);
  return *this;
}

ModelBuilder& ModelBuilder::with(const std::string& name, const std::string& value) {
  auto& made = attribute(name);
  made.set_type(onnx::AttributeProto::STRING);
  made.set_s(value);
  return *this;
}

}  // namespace wattgrind
