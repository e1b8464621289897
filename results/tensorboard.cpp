// SPDX-License-Identifier: Apache-2.0
#include "results/tensorboard.hpp"

#include <array>
#include <bit>

namespace evenray {
namespace {

constexpr std::array<uint32_t, 256> crc32c_table() {
  constexpr uint32_t polynomial = 0x82F63B78;  // with the bits reversed
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? polynomial : 0);
    table[byte] = crc;
  }
  return table;
}

/// A CRC that is stored beside its data is masked, because the CRC of data that contain their own
/// CRC is weak.
uint32_t masked_crc(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return std::rotr(crc, 15) + 0xA282EAD8;
}

void append_little_endian(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
}

// A protobuf key: the number of the field, shifted by 3, and the type of its encoding.
constexpr char kSummaryValue = 1 << 3 | 2;  // Summary.value
constexpr char kValueTag = 1 << 3 | 2;      // Summary.Value.tag
constexpr char kSimpleValue = 2 << 3 | 5;   // Summary.Value.simple_value
constexpr char kStep = 2 << 3;              // Event.step
constexpr char kFileVersion = 3 << 3 | 2;   // Event.file_version
constexpr char kSummary = 5 << 3 | 2;       // Event.summary

void append_bytes(std::string& out, char key, std::string_view bytes) {
  out += key;
  append_varint(out, bytes.size());
  out += bytes;
}

std::string scalar_value(const std::string& tag, double value) {
  std::string out;
  append_bytes(out, kValueTag, tag);
  out += kSimpleValue;
  append_little_endian(out, std::bit_cast<uint32_t>(static_cast<float>(value)), 4);
  return out;
}

std::string event_message(const LoggedEvent& event) {
  std::string summary, out;
  for (const auto& [tag, value] : event.values)
    append_bytes(summary, kSummaryValue, scalar_value(tag, value));
  // Protobuf leaves out a number that is 0.
  if (event.step != 0) {
    out += kStep;
    append_varint(out, static_cast<uint64_t>(event.step));
  }
  append_bytes(out, kSummary, summary);
  return out;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = crc32c_table();
  uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<uint8_t>(byte)) & 255];
  return ~crc;
}

std::string tf_record(std::string_view data) {
  std::string out;
  append_little_endian(out, data.size(), 8);
  append_little_endian(out, masked_crc(out), 4);
  out += data;
  append_little_endian(out, masked_crc(data), 4);
  return out;
}

std::string tensorboard_file(const std::vector<LoggedEvent>& events) {
  std::string version;
  append_bytes(version, kFileVersion, "brain.Event:2");
  std::string out = tf_record(version);
  for (const auto& event : events)
    if (!event.values.empty()) out += tf_record(event_message(event));
  return out;
}

}  // namespace evenray
