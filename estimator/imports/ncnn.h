// Networks as ncnn's text format describes them, which boards and phones run (param_file.h).
//
// ncnn's blobs have one to three dimensions, width innermost. One of three is a map of as many
// channels, rows and columns. One of one is a vector. One of two, the rows of a matrix, is a
// sequence: each row is a token, and its columns are the channels.
//
// Fused activations become layers of their own, "conv1.activation"; an attention with several
// heads becomes its products, "attention.query" and so on. Where ncnn quantises, the same network
// in single precision is made. Layers that turn a network's results into boxes (DetectionOutput,
// PriorBox, Yolov3DetectionOutput, YoloDetectionOutput) are left off, with what reads nothing else.
// Both is said in Network::notes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

// `sizes` gives what an Input layer leaves open: "data.width", "data.height" and "data.channels"
// for one called "data". Throws Error(kInput) begun by `where` and the line: for text that is no
// such file; for layers that are not supported, all of them named in one message; where a weight
// count or a shape that the file tells (-23330) is none that follows from the layers, naming both;
// and as build_network() does. Throws Error(kUsage) where an input has no size.
Network read_ncnn(std::string_view text, const std::string& name, std::string_view where,
                  const std::map<std::string, int64_t>& sizes = {});

}  // namespace wattgrind
