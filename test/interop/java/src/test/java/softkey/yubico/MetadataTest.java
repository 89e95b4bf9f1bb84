package softkey.yubico;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.yubico.fido.metadata.FidoMetadataDownloader;
import com.yubico.fido.metadata.FidoMetadataService;
import com.yubico.fido.metadata.MetadataBLOBPayload;
import com.yubico.webauthn.exception.RegistrationFailedException;
import java.nio.file.Path;
import java.security.cert.CertPathValidatorException;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import softkey.Key;

/**
 * Metadata: java-webauthn-server accepts the models that a BLOB has an entry of, and no others. It reads no statement
 * with numbers beyond 32 bits, as that of full-policy has among the vendor's commands.
 */
class MetadataTest {
    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"fido2.3", "u2f"})
    void entry(String profile) throws Exception {
        Key key = Key.of(profile, folder);
        var site = new Site(service(key.export("blob")));
        site.register(key);
        assertEquals(1, site.signIn(key));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"fido2.3", "u2f"})
    void entryWithAForeignRoot(String profile, @TempDir Path other) throws Exception {
        Key key = Key.of(profile, folder);
        refuse(Key.of(profile, other).export("blob"), key);
    }

    /** The same key, with the same root, is not known as another model. */
    @Test
    void unknownModel() throws Exception {
        Key known = Key.of("fido2.1", folder);
        refuse(known.export("blob"), Key.of("fido2.3", folder));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"fido2.3", "u2f"})
    void revokedModel(String profile) throws Exception {
        Key key = Key.of(profile, folder);
        refuse(key.blob("NOT_FIDO_CERTIFIED", "REVOKED"), key);
    }

    private static void refuse(String blob, Key key) throws Exception {
        var site = new Site(service(blob));
        assertThrows(RegistrationFailedException.class, () -> site.register(key));
    }

    /** Vouches for the models of a BLOB, which is not verified. */
    private static FidoMetadataService service(String blob) throws Exception {
        byte[] json = Base64.getUrlDecoder().decode(blob.split("\\.")[1]);
        var payload = new ObjectMapper().findAndRegisterModules().readValue(json, MetadataBLOBPayload.class);
        return FidoMetadataService.builder().useBlob(payload).build();
    }

    /** A downloaded BLOB is not taken without the revocation lists of its signers, which softkey does not publish. */
    @Test
    void downloadedBLOB() {
        Key key = Key.of("fido2.3", folder);
        var downloader = FidoMetadataDownloader.builder()
                .expectLegalHeader("This BLOB describes software security keys for tests. "
                        + "It does not come from the FIDO Alliance and says nothing about any product.")
                .useTrustRoot(key.root("blob-root")).useBlob(key.export("blob")).build();
        var refusal = assertThrows(CertPathValidatorException.class, downloader::loadCachedBlob);
        assertEquals(CertPathValidatorException.BasicReason.UNDETERMINED_REVOCATION_STATUS, refusal.getReason());
    }
}
