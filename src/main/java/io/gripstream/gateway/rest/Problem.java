package io.gripstream.gateway.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * Why a request was not served (RFC 9457).
 *
 * @param detail a sentence for the one who asked
 * @param errors what is wrong with which part of the request; left out when there is nothing to add
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Problem(String title, int status, String detail, List<String> errors) {
  static final String MEDIA_TYPE = "application/problem+json";
}
