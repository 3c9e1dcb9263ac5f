#include "estimator/onnx/model_file.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <utility>

#include "estimator/base/checked_math.h"
#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/onnx/onnx_schema.pb.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;
using google::protobuf::internal::WireFormatLite;
using Bytes = std::span<const std::byte>;

// The oldest and newest versions whose rules are known here. IR 3 came with ONNX 1.0.
constexpr int64_t kOldestOpset = 1, kNewestOpset = 25;
constexpr int64_t kOldestIr = 1, kNewestIr = 13;
// Numbers of fields in onnx.proto.
constexpr int kModelGraph = 7, kGraphInitializer = 5, kTensorRawData = 9;

constexpr int64_t kMostElements = int64_t{1} << 40;

// The fields of one message: calls visit(number, bytes) for those that hold bytes and keeps the
// rest. Returns what was kept, or nothing where the message is cut off.
template <typename Visit>
std::optional<std::string> split_fields(Bytes message, const Visit& visit) {
  std::string kept;
  const auto* const data = reinterpret_cast<const uint8_t*>(message.data());
  google::protobuf::io::CodedInputStream in(data, static_cast<int>(message.size()));
  while (true) {
    const int begin = in.CurrentPosition();
    const uint32_t tag = in.ReadTag();
    if (tag == 0) {
      if (!in.ConsumedEntireMessage()) return std::nullopt;
      return kept;
    }
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      uint32_t size = 0;
      if (!in.ReadVarint32(&size) || size > static_cast<uint64_t>(message.size()) -
                                                static_cast<uint64_t>(in.CurrentPosition())) {
        return std::nullopt;
      }
      const Bytes bytes = message.subspan(static_cast<size_t>(in.CurrentPosition()), size);
      if (!in.Skip(static_cast<int>(size))) return std::nullopt;
      if (visit(field, bytes)) continue;
    } else if (!WireFormatLite::SkipField(&in, tag)) {
      return std::nullopt;
    }
    kept.append(reinterpret_cast<const char*>(data) + begin,
                static_cast<size_t>(in.CurrentPosition() - begin));
  }
}

class ModelReader {
 public:
  ModelReader(Bytes bytes, fs::path folder, std::string where)
      : bytes_(bytes), folder_(std::move(folder)), where_(std::move(where)) {}

  OnnxModel read() && {
    const Bytes bytes = bytes_;
    if (bytes.empty()) fail(ErrorKind::kInput, "{}: found an empty file, wanted ONNX", where_);
    if (bytes.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
      fail(ErrorKind::kInput,
           "{}: found {} bytes, wanted less than 2 GiB: keep the weights as external data", where_,
           bytes.size());
    }
    std::optional<Bytes> graph;
    const auto head = split_fields(bytes, [&](int field, Bytes value) {
      if (field != kModelGraph) return false;
      graph = value;
      return true;
    });
    onnx::ModelProto model;
    if (!head || !model.ParseFromString(*head)) refuse();
    if (!graph) fail(ErrorKind::kInput, "{}: found no graph in it, wanted an ONNX model", where_);
    read_versions(model);
    read_graph(*graph);
    return std::move(model_);
  }

  OnnxTensor read_tensor_alone() && { return read_tensor(bytes_, "the tensor"); }

 private:
  static std::shared_ptr<const MappedFile> map_file(const fs::path& path) {
    return std::make_shared<const MappedFile>(path);
  }

  [[noreturn]] void refuse() const {
    fail(ErrorKind::kInput, "{}: found a file that is cut off or no ONNX model", where_);
  }

  void read_versions(const onnx::ModelProto& model) {
    model_.ir_version = model.ir_version();
    if (model_.ir_version < kOldestIr || model_.ir_version > kNewestIr) {
      fail(ErrorKind::kInput, "{}: found IR version {}, wanted {} to {}", where_, model_.ir_version,
           kOldestIr, kNewestIr);
    }
    for (const auto& opset : model.opset_import()) {
      if (opset.domain().empty() || opset.domain() == "ai.onnx") model_.opset = opset.version();
    }
    if (model_.opset == 0 && model_.ir_version < 3) model_.opset = 1;  // had no sets
    if (model_.opset < kOldestOpset || model_.opset > kNewestOpset) {
      fail(ErrorKind::kInput, "{}: found operator set {}, wanted {} to {}", where_, model_.opset,
           kOldestOpset, kNewestOpset);
    }
    if (model.functions_size() > 0) {
      fail(ErrorKind::kInput,
           "{}: it defines functions of its own ({}), which are not read: export it with them "
           "inlined",
           where_, quote_json(model.functions(0).name()));
    }
  }

  void read_graph(Bytes bytes) {
    std::vector<Bytes> initializers;
    const auto rest = split_fields(bytes, [&](int field, Bytes value) {
      if (field != kGraphInitializer) return false;
      initializers.push_back(value);
      return true;
    });
    onnx::GraphProto graph;
    if (!rest || !graph.ParseFromString(*rest)) refuse();
    if (graph.sparse_initializer_size() > 0) {
      fail(ErrorKind::kInput, "{}: it has sparse initialisers, which are not read", where_);
    }
    for (const Bytes initializer : initializers) {
      OnnxTensor tensor = read_tensor(initializer, "an initialiser");
      model_.has_absent_values |= !tensor.has_values();
      std::string name = tensor.name;
      model_.initializers.emplace(std::move(name), std::move(tensor));
    }
    for (const auto& input : graph.input()) {
      if (!model_.initializers.contains(input.name())) {
        model_.inputs.push_back(read_value(input));
      }
    }
    for (const auto& output : graph.output()) model_.outputs.push_back(read_value(output));
    for (const auto& node : graph.node()) model_.nodes.push_back(read_node(node));
    if (model_.nodes.empty()) fail(ErrorKind::kInput, "{}: its graph has no nodes", where_);
    if (model_.outputs.empty()) fail(ErrorKind::kInput, "{}: its graph has no outputs", where_);
  }

  OnnxTensor read_tensor(Bytes bytes, std::string_view what) {
    std::optional<Bytes> raw;
    const auto rest = split_fields(bytes, [&](int field, Bytes value) {
      if (field != kTensorRawData) return false;
      raw = value;
      return true;
    });
    onnx::TensorProto proto;
    if (!rest || !proto.ParseFromString(*rest)) {
      fail(ErrorKind::kInput, "{}: {}: found bytes that are no tensor", where_, what);
    }
    return make_tensor(proto, raw);
  }

  OnnxTensor make_tensor(const onnx::TensorProto& proto, std::optional<Bytes> raw) {
    OnnxTensor tensor{proto.name(), static_cast<OnnxType>(proto.data_type()), {}, {}};
    tensor.dims.assign(proto.dims().begin(), proto.dims().end());
    const std::string where = fmt::format("{}: tensor {}", where_, quote_json(tensor.name));
    check_dims(tensor.dims, where);
    if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
      read_external(proto, tensor, where);
    } else if (raw) {
      tensor.data = *raw;
    } else if (proto.float_data_size() > 0) {
      tensor.data = std::vector<float>(proto.float_data().begin(), proto.float_data().end());
    } else if (proto.int32_data_size() > 0) {
      tensor.data = std::vector<int32_t>(proto.int32_data().begin(), proto.int32_data().end());
    } else if (proto.int64_data_size() > 0) {
      tensor.data = std::vector<int64_t>(proto.int64_data().begin(), proto.int64_data().end());
    } else if (proto.double_data_size() > 0) {
      tensor.data = std::vector<double>(proto.double_data().begin(), proto.double_data().end());
    } else {
      tensor.data = std::vector<uint64_t>(proto.uint64_data().begin(), proto.uint64_data().end());
    }
    return tensor;
  }

  static void check_dims(const std::vector<int64_t>& dims, std::string_view where) {
    uint64_t elements = 1;
    for (const int64_t extent : dims) {
      if (extent < 0) {
        fail(ErrorKind::kInput, "{}: found a dimension of {}, wanted 0 or more", where, extent);
      }
      const auto product = checked_product({elements, static_cast<uint64_t>(extent)});
      if (!product || *product > static_cast<uint64_t>(kMostElements)) {
        fail(ErrorKind::kInput, "{}: found more than 2^40 values, wanted fewer", where);
      }
      elements = *product;
    }
  }

  // A file outside the model's folder is refused, be it by "..", an absolute path or a link:
  // readers have been made to hand out other people's files that way.
  void read_external(const onnx::TensorProto& proto, OnnxTensor& tensor, const std::string& where) {
    std::string location;
    uint64_t offset = 0;
    std::optional<uint64_t> length;
    for (const auto& entry : proto.external_data()) {
      if (entry.key() == "location") location = entry.value();
      if (entry.key() == "offset") offset = read_size(entry.value(), where);
      if (entry.key() == "length") length = read_size(entry.value(), where);
    }
    const fs::path relative(location);
    const bool climbs = std::ranges::find(relative, fs::path("..")) != relative.end();
    if (location.empty() || relative.is_absolute() || climbs) {
      fail(ErrorKind::kInput,
           "{}: found the external file {}, wanted one in the folder of the model", where,
           quote_json(location));
    }
    const fs::path folder = folder_.empty() ? fs::path(".") : folder_;
    const fs::path path = folder / relative;
    std::error_code failure;
    if (!fs::exists(path, failure)) return;
    const fs::path real = fs::weakly_canonical(path, failure);
    const fs::path root = fs::weakly_canonical(folder, failure);
    if (failure ||
        std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first != root.end()) {
      fail(ErrorKind::kInput, "{}: the external file {} is a link out of the folder of the model",
           where, quote_json(location));
    }
    auto file = external_.find(location);
    if (file == external_.end()) file = external_.emplace(location, map_file(path)).first;
    const Bytes bytes = file->second->bytes();
    if (offset > bytes.size() || length.value_or(0) > bytes.size() - offset) {
      fail(ErrorKind::kInput, "{}: found {} bytes in {}, wanted {} from {} on", where, bytes.size(),
           quote_json(location), length.value_or(0), offset);
    }
    tensor.data = bytes.subspan(offset, length.value_or(bytes.size() - offset));
    keep(file->second);
  }

  void keep(const std::shared_ptr<const MappedFile>& file) {
    if (std::ranges::find(model_.files, file) == model_.files.end()) model_.files.push_back(file);
  }

  static uint64_t read_size(const std::string& text, const std::string& where) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      fail(ErrorKind::kInput, "{}: found {} as a place in an external file, wanted a number", where,
           quote_json(text));
    }
    return value;
  }

  static OnnxGraphValue read_value(const onnx::ValueInfoProto& info) {
    OnnxGraphValue value{info.name(), OnnxType::kUndefined, std::nullopt};
    if (!info.type().has_tensor_type()) return value;
    const auto& type = info.type().tensor_type();
    value.type = static_cast<OnnxType>(type.elem_type());
    if (!type.has_shape()) return value;
    value.dims.emplace();
    for (const auto& dim : type.shape().dim()) {
      OnnxDimension dimension;
      if (dim.has_dim_value()) dimension.value = dim.dim_value();
      if (dim.has_dim_param()) dimension.symbol = dim.dim_param();
      value.dims->push_back(std::move(dimension));
    }
    return value;
  }

  OnnxNode read_node(const onnx::NodeProto& proto) {
    OnnxNode node{proto.name(), proto.op_type(), proto.domain(), {}, {}, {}};
    node.inputs.assign(proto.input().begin(), proto.input().end());
    node.outputs.assign(proto.output().begin(), proto.output().end());
    for (const auto& attribute : proto.attribute()) {
      node.attributes[attribute.name()] = read_attribute(attribute);
    }
    return node;
  }

  OnnxAttribute read_attribute(const onnx::AttributeProto& proto) {
    switch (proto.type()) {
      case onnx::AttributeProto::FLOAT:
        return {proto.f()};
      case onnx::AttributeProto::INT:
        return {int64_t{proto.i()}};
      case onnx::AttributeProto::STRING:
        return {proto.s()};
      case onnx::AttributeProto::TENSOR:
        return {read_inner_tensor(proto.t())};
      case onnx::AttributeProto::FLOATS:
        return {std::vector<float>(proto.floats().begin(), proto.floats().end())};
      case onnx::AttributeProto::INTS:
        return {std::vector<int64_t>(proto.ints().begin(), proto.ints().end())};
      case onnx::AttributeProto::STRINGS:
        return {std::vector<std::string>(proto.strings().begin(), proto.strings().end())};
      case onnx::AttributeProto::UNDEFINED:  // IR 1 had no types
        if (proto.has_f()) return {proto.f()};
        if (proto.has_i()) return {int64_t{proto.i()}};
        if (proto.has_s()) return {proto.s()};
        if (proto.has_t()) return {read_inner_tensor(proto.t())};
        if (proto.floats_size() > 0) {
          return {std::vector<float>(proto.floats().begin(), proto.floats().end())};
        }
        return {std::vector<int64_t>(proto.ints().begin(), proto.ints().end())};
      default:
        return {false};
    }
  }

  // A tensor within a node: small, so its bytes are decoded at once.
  OnnxTensor read_inner_tensor(const onnx::TensorProto& proto) {
    OnnxTensor tensor = make_tensor(
        proto, proto.has_raw_data() ? std::optional(std::as_bytes(std::span(proto.raw_data())))
                                    : std::nullopt);
    if (const auto* raw = std::get_if<Bytes>(&tensor.data)) {
      const std::string where = fmt::format("{}: tensor {}", where_, quote_json(tensor.name));
      if (raw->empty() || tensor.elements() == 0) {
        tensor.data = std::vector<float>();
      } else if (is_integer(tensor.type)) {
        tensor.data = to_integers(tensor, where);
        tensor.type = OnnxType::kInt64;
      } else {
        tensor.data = to_floats(tensor, where);
        tensor.type = OnnxType::kFloat;
      }
    }
    return tensor;
  }

  const Bytes bytes_;
  const fs::path folder_;
  const std::string where_;
  OnnxModel model_;
  std::map<std::string, std::shared_ptr<const MappedFile>> external_;
};

}  // namespace

OnnxModel parse_onnx_model(std::span<const std::byte> bytes, const fs::path& folder,
                           std::string where) {
  return ModelReader(bytes, folder, std::move(where)).read();
}

OnnxModel read_onnx_model(const fs::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  OnnxModel model = parse_onnx_model(file->bytes(), path.parent_path(), path.string());
  model.files.push_back(std::move(file));
  return model;
}

OnnxTensorFile read_onnx_tensor(const fs::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  OnnxTensor tensor =
      ModelReader(file->bytes(), path.parent_path(), path.string()).read_tensor_alone();
  return {std::move(file), std::move(tensor)};
}

}  // namespace wattgrind
