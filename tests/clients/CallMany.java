/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A caller as the standard Java client makes one, with its defaults: HTTP/2 if
 * the server speaks it, over one pool of connections.
 *
 *	java CallMany.java URL CA CERTIFICATE KEY BODY COUNT AT-ONCE KIND
 *
 * posts the file BODY so often, so many at once, as the client of CERTIFICATE
 * and KEY (PEM).  KIND "sized" says how long a body is, "streamed" does not, as
 * a library that writes JSON into a stream.  Prints how each request ended,
 * "1000 200" say; more than one line is trouble.
 */
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

class CallMany {
	private static final char[] NO_PASSWORD = {};

	private static Certificate certificate(String file) throws Exception {
		try (var in = Files.newInputStream(Path.of(file))) {
			return CertificateFactory.getInstance("X.509")
			    .generateCertificate(in);
		}
	}

	private static SSLContext tls(String ca, String certificate, String key)
	    throws Exception {
		String pem = Files.readString(Path.of(key))
		    .replaceAll("-----[^-]*-----|\\s", "");
		KeyStore ours = KeyStore.getInstance("PKCS12");
		ours.load(null, null);
		ours.setKeyEntry("client", KeyFactory.getInstance("EC")
		    .generatePrivate(new PKCS8EncodedKeySpec(
			Base64.getDecoder().decode(pem))), NO_PASSWORD,
		    new Certificate[] { certificate(certificate) });
		KeyManagerFactory keys = KeyManagerFactory.getInstance(
		    KeyManagerFactory.getDefaultAlgorithm());
		keys.init(ours, NO_PASSWORD);
		KeyStore theirs = KeyStore.getInstance("PKCS12");
		theirs.load(null, null);
		theirs.setCertificateEntry("ca", certificate(ca));
		TrustManagerFactory trust = TrustManagerFactory.getInstance(
		    TrustManagerFactory.getDefaultAlgorithm());
		trust.init(theirs);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(keys.getKeyManagers(), trust.getTrustManagers(),
		    null);
		return context;
	}

	private static String words(HttpResponse<String> answer,
	    Throwable trouble) {
		if (trouble == null)
			return Integer.toString(answer.statusCode());
		while (trouble.getCause() != null)
			trouble = trouble.getCause();
		return trouble.toString();
	}

	public static void main(String[] args) throws Exception {
		byte[] body = Files.readAllBytes(Path.of(args[4]));
		int count = Integer.parseInt(args[5]);
		int atOnce = Integer.parseInt(args[6]);
		BodyPublisher publisher = args[7].equals("sized") ?
		    BodyPublishers.ofByteArray(body) :
		    BodyPublishers.ofInputStream(
			() -> new ByteArrayInputStream(body));
		HttpClient client = HttpClient.newBuilder()
		    .sslContext(tls(args[1], args[2], args[3])).build();
		HttpRequest request = HttpRequest.newBuilder(URI.create(args[0]))
		    .header("Content-Type", "application/json")
		    .timeout(Duration.ofSeconds(60)).POST(publisher).build();
		Map<String, AtomicInteger> ends = new ConcurrentSkipListMap<>();
		Semaphore turns = new Semaphore(atOnce);

		for (int i = 0; i < count; i++) {
			turns.acquire();
			client.sendAsync(request, BodyHandlers.ofString())
			    .whenComplete((answer, trouble) -> {
				ends.computeIfAbsent(words(answer, trouble),
				    key -> new AtomicInteger())
				    .incrementAndGet();
				turns.release();
			});
		}
		turns.acquire(atOnce);
		ends.forEach((end, times) ->
		    System.out.println(times + " " + end));
		System.exit(0);
	}
}
