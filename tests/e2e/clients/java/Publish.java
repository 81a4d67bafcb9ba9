import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.message.MessageWriter;
import io.cloudevents.http.HttpMessageFactory;
import io.cloudevents.jackson.JsonFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.function.BiFunction;

/** Publishes events with the CloudEvents SDK for Java: `Publish <url of the node>`. Prints the status of each as JSON. */
public class Publish {
  public static void main(String[] args) throws IOException {
    String url = args[0] + "/v1/events";
    byte[] bytes = new byte[256];
    for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) i;
    byte[] json = "{\"amount\":5,\"note\":\"Grüße\"}".getBytes(StandardCharsets.UTF_8);
    int binary = send(url, (event, connection) -> write(connection, event, false), order("binary", "application/json", json));
    int structured = send(url, (event, connection) -> write(connection, event, true), order("structured", "application/json", json));
    int raw = send(url, (event, connection) -> write(connection, event, true), order("bytes", "application/octet-stream", bytes));
    System.out.printf("{\"binary\":%d,\"structured\":%d,\"bytes\":%d}%n", binary, structured, raw);
  }

  private static CloudEvent order(String id, String contentType, byte[] data) {
    return CloudEventBuilder.v1()
        .withId(id)
        .withSource(URI.create("/shops/java"))
        .withType("order.placed")
        .withSubject("eu 1/ä")
        .withTime(OffsetDateTime.parse("2026-01-02T03:04:05.678Z"))
        .withExtension("comexampleother", "x y")
        .withData(contentType, data)
        .build();
  }

  private static int send(String url, BiFunction<CloudEvent, HttpURLConnection, Integer> writer, CloudEvent event)
      throws IOException {
    HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
    connection.setRequestMethod("POST");
    connection.setDoOutput(true);
    return writer.apply(event, connection);
  }

  private static int write(HttpURLConnection connection, CloudEvent event, boolean structured) {
    MessageWriter<?, ?> writer =
        HttpMessageFactory.createWriter(connection::setRequestProperty, body -> writeBody(connection, body));
    if (structured) writer.writeStructured(event, new JsonFormat());
    else writer.writeBinary(event);
    try {
      return connection.getResponseCode();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static void writeBody(HttpURLConnection connection, byte[] body) {
    try (var out = connection.getOutputStream()) {
      if (body != null) out.write(body);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
