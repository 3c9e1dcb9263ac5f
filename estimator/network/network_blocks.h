// Blocks of a network file: layers that are written once and used in several places.
//
//   "blocks": {
//     "residual": [
//       {"kind": "conv2d", "name": "conv1", "filters": "$filters", "kernel": [3, 3], "padding": [1,
//       1]},
//       {"kind": "relu"},
//       {"kind": "conv2d", "name": "conv2", "filters": "$filters", "kernel": [3, 3], "padding": [1,
//       1]},
//       {"kind": "binary", "name": "add", "function": "add", "inputs": ["conv2", "input"]}
//     ]
//   },
//   "layers": [..., {"use": "residual", "name": "stage1", "filters": 64}, ...]
//
// A use gives a value, of any kind, to each name behind a "$". Its layers are called USE.LAYER, by
// their kinds where the block gives them no names; "input" is what the use reads, and the first
// layer reads it by default. Who reads the use reads its last layer. Blocks use no blocks.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace wattgrind {

// The network file without blocks: each use replaced by its layers. The file has been checked
// against the schema; the layers of blocks have not. Throws Error(kInput) for a block or a value
// that is not there, for values that the block does not take, and for too many layers.
nlohmann::json without_blocks(const nlohmann::json& document, std::string_view where);

}  // namespace wattgrind
