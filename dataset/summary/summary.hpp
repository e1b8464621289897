// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "dataset/audit.hpp"

namespace evenray {

/// The folder dataset/summary/ describes a collection for `data inspect`: as JSON, text, HTML page
/// and CSV table. Read this header first, then imbalance.hpp (the measures of imbalance).

/// Returns the report of `data inspect --json` (docs/commands.md): images, classes, sizes, modes,
/// bits, imbalance_ratio, irlbl, mean_ir, metadata; patients (else groups) and boxes (with
/// quantiles) if they are known; sources if there are several; labels (how they occur together) if
/// classes do not exclude one another; training (rows of train by origin, their imbalance) if the
/// source has rows that are not real; and `by` (see images_by) for the columns `by`. `facts`: one
/// per sample. Throws Exit::bad_data for an unknown column.
Json inspect_json(const Manifest& manifest,
                  const std::vector<ImageFacts>& facts,
                  const std::vector<std::string>& by = {});
/// Returns column -> value -> class -> images. If there are several sources, `source` is a column.
/// Throws Exit::bad_data for an unknown column.
Json images_by(const Manifest& manifest, const std::vector<std::string>& columns);
/// Returns the number of images of each patient or group, for the field of Sample that names it.
std::vector<double> images_per(const Manifest& manifest, std::string Sample::*owner);
/// Formats a count of the report; "unknown" if it is null.
std::string count_text(const Json& count);
/// Formats a ratio of the report with two decimals; "-" if it is null.
std::string ratio_text(const Json& ratio);
/// Returns the report as plain text.
std::string inspect_text(const Json& inspect);
/// Returns the report as an HTML page with charts and a sheet of example images, whose files are
/// decoded for it.
std::string inspect_html(const Manifest& manifest,
                         const std::vector<ImageFacts>& facts,
                         const Json& inspect);

/// Returns a CSV table with one row per image: id, path, class (several with | between them; ?
/// before an unknown one), width, height, mode, bits, patient, part, boxes (their number; empty:
/// not annotated), and the columns of the source. Sizes are those of the upright image.
std::string inspect_table(const Manifest& manifest, const std::vector<ImageFacts>& facts);

}  // namespace evenray
