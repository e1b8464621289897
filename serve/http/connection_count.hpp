// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <mutex>
#include <string>

namespace evenray {

/// Counts connections, all of them and by address.
class ConnectionCount {
 public:
  ConnectionCount(int most, int most_of_peer) : most_(most), most_of_peer_(most_of_peer) {}

  bool enter(const std::string& peer) {
    const std::lock_guard lock(mutex_);
    int& own = of_peer_[peer];
    const bool fits = all_ < most_ && own < most_of_peer_;
    all_ += fits, own += fits;
    if (own == 0) of_peer_.erase(peer);
    return fits;
  }
  void leave(const std::string& peer) {
    const std::lock_guard lock(mutex_);
    --all_;
    if (--of_peer_[peer] == 0) of_peer_.erase(peer);
  }

 private:
  int most_, most_of_peer_, all_ = 0;
  std::map<std::string, int> of_peer_;
  std::mutex mutex_;
};

}  // namespace evenray
