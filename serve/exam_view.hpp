// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "serve/site.hpp"

namespace evenray {

/// Parts of pages that show exams.

/// Returns the exam of a request's address. Throws 66 if there is none.
Exam exam_at(const SiteVisit& visit);
/// Waits until an exam is done or failed, for the seconds `wait_s` of the query (at most 20).
void wait_for_result(const SiteVisit& visit, const std::string& exam);
/// A table of exams with links; a sentence if there are none. `with_patient`: also whose they are.
Html exam_table(const SiteVisit& visit, const std::vector<Exam>& exams, bool with_patient = false);
/// The likeliest classes of a finished exam with their probabilities; empty without a classifier.
Html findings_of(const SiteVisit& visit, const Exam& exam);
/// A warning if a finished exam is unlike the training images of the classifier, else empty.
Html unlike_of(const SiteVisit& visit, const Exam& exam);
/// The boxes that were found in a finished exam; empty without a detector.
Html boxes_of(const SiteVisit& visit, const Exam& exam);
/// A patient's name, or number if there is no name.
std::string shown_name(const Patient& patient);
/// The form that uploads images for a patient (id; empty: without one).
Html upload_box(const SiteVisit& visit, const std::string& patient);
/// Returns a probability as "83 %".
std::string percent_text(double probability);

}  // namespace evenray
