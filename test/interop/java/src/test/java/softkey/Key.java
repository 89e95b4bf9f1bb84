package softkey;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A key without a browser: {@code softkey webauthn} in a browser's place, and what a site is given to trust the key by.
 */
public final class Key {
    public static final String ORIGIN = "https://example.com";
    public static final String RP_ID = "example.com";
    public static final String AAGUID = "ee7512f6-40f9-5a33-bba6-3067c2c954f9"; // of the profile fido2.3
    public static final String FULL_AAGUID = "50a4d183-b2dc-5e83-8042-8758cc9420a1"; // of the profile full-policy
    public static final String NO_AAGUID = "00000000-0000-0000-0000-000000000000"; // of the format fido-u2f

    private final Path folder;
    private final List<String> flags;

    private Key(Path folder, String profile) {
        this.folder = folder;
        flags = List.of("--state", folder.resolve("state").toString(), "--profile", profile);
        run("", "info", "--device", "loopback"); // from now on there is something to export
    }

    /** Plugs in the key of a folder, as one with every algorithm that attests in a format. */
    public static Key attesting(String format, Path folder) {
        return new Key(folder, write(folder, "profile.json", """
                {"base": "full-policy", "attestationFormats": ["%s"]}""".formatted(format)));
    }

    /** Plugs in the key of a folder, as one of a profile. */
    public static Key of(String profile, Path folder) {
        return new Key(folder, profile);
    }

    /** Returns the response to PublicKeyCredentialCreationOptionsJSON. */
    public String create(String options) {
        return ask("create", options);
    }

    /** Returns the response to PublicKeyCredentialRequestOptionsJSON. */
    public String get(String options) {
        return ask("get", options);
    }

    private String ask(String ceremony, String options) {
        return run(options, "webauthn", ceremony, "--origin", ORIGIN, "--device", "loopback");
    }

    /** Returns what {@code softkey attestation export} prints in a format. */
    public String export(String format) {
        return run("", "attestation", "export", "--format", format);
    }

    /** Returns a root certificate that the key exports. */
    public X509Certificate root(String format) {
        var pem = new ByteArrayInputStream(export(format).getBytes(UTF_8));
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(pem);
        } catch (CertificateException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the metadata BLOB of the key's models with something else in its payload, which is then not signed. */
    public String blob(String target, String replacement) {
        String[] parts = export("blob").split("\\.");
        String payload = new String(Base64.getUrlDecoder().decode(parts[1]), UTF_8).replace(target, replacement);
        parts[1] = encode(payload.getBytes(UTF_8));
        return String.join(".", parts);
    }

    /** Returns an assertion in whose authenticator data the counter is another, so that nobody signed it. */
    public static String miscounted(String assertion) {
        return Pattern.compile("(?<=\"authenticatorData\":\")[^\"]+").matcher(assertion).replaceFirst(member -> {
            byte[] data = Base64.getUrlDecoder().decode(member.group());
            data[33] ^= 1; // of rpIdHash (32), flags (1), signCount (4)
            return encode(data);
        });
    }

    private static String encode(byte[] data) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(data);
    }

    private static String write(Path folder, String name, String content) {
        try {
            return Files.writeString(folder.resolve(name), content).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String run(String input, String... arguments) {
        var command = new ArrayList<>(List.of(System.getenv("SOFTKEY")));
        Stream.concat(Stream.of(arguments), flags.stream()).forEach(command::add);
        Path complaint = folder.resolve("stderr");
        try {
            Process process = new ProcessBuilder(command).redirectError(complaint.toFile()).start();
            try (var stdin = process.getOutputStream()) {
                stdin.write(input.getBytes(UTF_8));
            }
            String output = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command + ": " + Files.readString(complaint));
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
