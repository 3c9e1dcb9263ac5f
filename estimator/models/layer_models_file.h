// Layer models as JSON, as configs/schemas/layer-models.json describes them.
#pragma once

#include <string>
#include <string_view>

#include "estimator/models/layer_models.h"

namespace wattgrind {

// Throws Error(kInput) naming `where` (the file's name) and the key, or the line of a syntax error.
LayerModels read_layer_models(std::string_view text, std::string_view where);

// Writes a text from which models are read that predict the same.
std::string write_layer_models(const LayerModels& models);

}  // namespace wattgrind
