// SPDX-License-Identifier: Apache-2.0
#pragma once
// The serve room shows trained networks in the browser: people upload radiographs and see what the
// networks find in them. Read this header first, then site.hpp (what requests work with),
// router.cpp (how one is answered), the *_routes.cpp (pages), jobs.hpp (the queue), and the rooms
// inside: serve/http (the web server), serve/records (the database), serve/pages (HTML and texts),
// serve/analysis (the child process with the networks).
#include <functional>
#include <string>
#include <vector>

#include "core/files.hpp"

namespace evenray {

struct ServeOptions {
  std::vector<std::string> models;  ///< packed models; one classifier, one detector, or both
  Path data = "evenray-serve";      ///< database and images
  std::string address = "127.0.0.1";
  int port = 8080;
  std::string certificate, key;    ///< PEM; empty: no TLS
  std::vector<std::string> hosts;  ///< further names that browsers may use for this server
  bool behind_proxy = false;       ///< a proxy in front of it speaks TLS
  Path store;                      ///< whose rows are looked through; empty: none
  Path predictions;                ///< of its images, by models that did not see them; empty: none
  Path studies;                    ///< a folder of runs and studies; empty: none
  std::function<std::string(const Path& folder)> study_progress;  ///< how far a study is, as text
  bool demo = false;  ///< with the models of the demo and drawn images
  Path watch;         ///< a folder whose files are taken; empty: none
  int threads = 1;    ///< of the networks

  /// Throws 78 if the server would be open beyond this machine without accounts, without TLS, or as
  /// root. `has_people`: there are accounts of people.
  void check(bool has_people) const;
};

/// Serves until `stop` returns true. `say` gets the address when the port is open. Throws 65 or 66
/// for models, 73 if the port is taken, 78 as ServeOptions::check() and for a database of a newer
/// version.
void serve(const ServeOptions& options,
           const std::function<void(const std::string& address)>& say,
           const std::function<bool()>& stop);

/// The life of a child process that serve() starts: see serve_worker().
int serve_child(const std::vector<std::string>& models, int threads);

}  // namespace evenray
