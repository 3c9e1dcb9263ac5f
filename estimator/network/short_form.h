// Short forms tell a topology in a word and its sizes: "dffr:layers=3,width=12". A search makes the
// same topologies by functions.
//
// Three topologies are powerML's (Swanson and Noel 2018):
//   dffr           "dense feed-forward rectangle": flatten, `layers` times dense(width) + ReLU,
//                  dense(classes) + softmax
//   dffr_triangle  the same with widths 16, 32, 64, ... doubling; layers 1 to 7
//   cnn            `layers` times conv2d(filters, filter_size x filter_size, "same") + ReLU,
//                  flatten, dense(128) + ReLU, dense(classes) + softmax; with pooling=max or
//                  pooling=average (not powerML's) each ReLU is followed by a 2x2 pooling, as long
//                  as the map is at least that large
// Two have blocks, after a stem of conv2d(filters, 3x3) + batch_norm + ReLU; global average pooling
// and dense(classes) + softmax end them. Convolutions are padded to keep the map's size, have no
// bias, and each is followed by batch_norm; "halves" is a stride of 2. `blocks` are 1 to 16.
//   residual       (He et al. 2016) `blocks` times conv2d(3x3) + batch_norm + ReLU + conv2d(3x3) +
//                  batch_norm, to which what the block read is added, + ReLU. From the second on, a
//                  block halves the map and doubles the filters; what is added then comes by a
//                  conv2d(1x1) that halves and doubles as well, without batch_norm
//   separable      (MobileNet) `blocks` times a depthwise conv2d(3x3) and a conv2d(1x1), each with
//                  batch_norm + relu6, which the stem has too; every second block halves the map
//                  and doubles the filters
// The input is one channel of 28 x 28 and there are ten classes unless said otherwise:
// "cnn:layers=2,filters=4,filter_size=3,classes=2,input=3x32x32". A width, a number of filters, a
// filter size or the pooling may differ by layer: "dffr:layers=3,width=24-12-6".
//
// The name of such a network is its short form, with every value that is not a default.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

// The input that a topology reads and the number of classes that it tells apart.
struct Task {
  FeatureShape input{1, 28, 28};
  int64_t classes = 10;
};

enum class Pooling { kNone, kMax, kAverage };

// A convolution of a cnn and what follows it.
struct ConvBlock {
  int64_t filters = 1;
  int64_t filter_size = 1;
  Pooling pooling = Pooling::kNone;
};

// These functions throw Error(kInput) for a size that is not positive, for more than 1000 layers or
// 16 blocks, and for a network that build_network refuses. Errors start with the network's name.
Network dffr(int64_t layers, int64_t width, const Task& task = {});
Network dffr(const std::vector<int64_t>& widths, const Task& task = {});
Network dffr_triangle(int64_t layers, const Task& task = {});
Network cnn(int64_t layers, int64_t filters, int64_t filter_size, const Task& task = {});
Network cnn(const std::vector<ConvBlock>& blocks, const Task& task = {});
Network residual(int64_t blocks, int64_t filters, const Task& task = {});
Network separable(int64_t blocks, int64_t filters, const Task& task = {});

// Reads a short form. Throws Error(kInput) naming the text and the key.
Network read_short_form(std::string_view text);

}  // namespace wattgrind
