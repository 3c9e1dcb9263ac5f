#include "kernels/parts/axis_groups.h"

namespace wattgrind {

Address AxisGroups::Vector::place(const Address& map, const MapLayout& layout,
                                  bool without_folded) const {
  Address address = moved(map, layout.pixel_bytes(0, 0));
  if (!(without_folded && folds_channels_)) address = moved(address, first_channel_ * kFloatBytes);
  for (const Step& step : steps_) {
    if (step.is_folded && without_folded) continue;
    const int64_t bytes = step.axis == Axis::kImage    ? layout.image_bytes()
                          : step.axis == Axis::kRow    ? layout.row_bytes()
                          : step.axis == Axis::kColumn ? layout.channel_bytes()
                                                       : step.values * kFloatBytes;
    address = stepped(address, step.loop, bytes);
  }
  return address;
}

AxisGroups::Vector AxisGroups::Vector::neighbour(int64_t vectors) const {
  Vector result = *this;
  result.first_channel_ += vectors * lanes_;
  return result;
}

Address AxisGroups::Vector::in(const Address& map, const MapLayout& layout) const {
  return place(map, layout, false);
}

Address AxisGroups::Vector::folded(const Address& map, const MapLayout& layout) const {
  return place(map, layout, true);
}

int64_t AxisGroups::size() const {
  return (axes_.channels ? shape_.channels : 1) * (axes_.height ? shape_.height : 1) *
         (axes_.width ? shape_.width : 1);
}

std::vector<Register> AxisGroups::accumulators(const Vector& group, float start) {
  if (!axes_.channels) return {nest_.constant(group.lanes(), start)};
  std::vector<Register> result;
  for (const Tiles& tiles : vector_pieces(shape_.channels, nest_.max_lanes())) {
    result.push_back(nest_.constant(static_cast<int>(tiles.size), start));
  }
  return result;
}

Register AxisGroups::fold(const std::vector<Register>& accumulators, Opcode opcode,
                          Opcode reduction) {
  if (!axes_.channels) return accumulators.front();
  Register total = kNoRegister;
  for (const Register part : accumulators) {
    const Register one = nest_.lanes(part) == 1 ? part : nest_.reduce(reduction, part);
    total = total == kNoRegister ? one : nest_.apply(opcode, total, one);
  }
  return total;
}

std::vector<Register> AxisGroups::spread(Register result) {
  if (!axes_.channels) return {result};
  std::vector<Register> registers;
  for (const Tiles& tiles : vector_pieces(shape_.channels, nest_.max_lanes())) {
    registers.push_back(tiles.size == 1 ? result
                                        : nest_.splat(static_cast<int>(tiles.size), result));
  }
  return registers;
}

}  // namespace wattgrind
