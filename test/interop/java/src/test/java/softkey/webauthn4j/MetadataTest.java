package softkey.webauthn4j;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.webauthn4j.anchor.TrustAnchorRepository;
import com.webauthn4j.converter.util.ObjectConverter;
import com.webauthn4j.metadata.FidoMDS3MetadataBLOBProvider;
import com.webauthn4j.metadata.HttpClient;
import com.webauthn4j.metadata.LocalFileMetadataBLOBProvider;
import com.webauthn4j.metadata.MetadataBLOBProvider;
import com.webauthn4j.metadata.anchor.MetadataBLOBBasedTrustAnchorRepository;
import com.webauthn4j.metadata.anchor.MetadataStatementsBasedTrustAnchorRepository;
import com.webauthn4j.metadata.exception.MDSException;
import com.webauthn4j.verifier.exception.CertificateException;
import com.webauthn4j.verifier.exception.TrustAnchorNotFoundException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.TrustAnchor;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import softkey.Key;

/**
 * Metadata: webauthn4j accepts the models that it has a statement of, and no others. It reads no statement that names
 * Ed448, as that of full-policy does.
 */
class MetadataTest {
    private static final String UNKNOWN = "10a4d183-b2dc-5e83-8042-8758cc9420a1";

    @TempDir
    Path folder;
    private final ObjectConverter converter = new ObjectConverter();

    @Test
    void statementByAAGUID() throws IOException {
        Key key = Key.of("fido2.3", folder);
        assertAttested(knowing(key.export("metadata")), key);
        refuse(TrustAnchorNotFoundException.class, knowing(key.export("metadata").replace(Key.AAGUID, UNKNOWN)), key);
        refuse(TrustAnchorNotFoundException.class, knowing(key.export("metadata-u2f")), key);
    }

    @Test
    void statementByKeyIdentifier(@TempDir Path other) throws IOException {
        Key key = Key.of("u2f", folder);
        assertAttested(knowing(key.export("metadata-u2f")), key);
        refuse(TrustAnchorNotFoundException.class, knowing(Key.of("u2f", other).export("metadata-u2f")), key);
    }

    @Test
    void statementWithAForeignRoot(@TempDir Path other) throws IOException {
        Key key = Key.of("fido2.3", folder);
        refuse(CertificateException.class, knowing(Key.of("fido2.3", other).export("metadata")), key);
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"fido2.3", "u2f"})
    void blob(String profile) {
        Key key = Key.of(profile, folder);
        assertAttested(uncertified(downloaded(key, key)), key);
    }

    @Test
    void blobWithAForeignRoot(@TempDir Path other) {
        Key key = Key.of("fido2.3", folder);
        var site = new Site(uncertified(downloaded(key, Key.of("fido2.3", other))));
        var refusal = assertThrows(MDSException.class, () -> site.register(key));
        assertEquals("MetadataBLOB certificate chain validation failed", refusal.getMessage());
    }

    /** The BLOB says that FIDO did not certify the key, which sites may ask for. */
    @Test
    void blobOfAnUncertifiedModel() {
        Key key = Key.of("fido2.3", folder);
        refuse(TrustAnchorNotFoundException.class, new MetadataBLOBBasedTrustAnchorRepository(downloaded(key, key)), key);
    }

    @Test
    void blobOfAnUnknownModel() throws IOException {
        Key key = Key.of("fido2.3", folder);
        refuse(TrustAnchorNotFoundException.class, uncertified(changed(key, Key.AAGUID, UNKNOWN)), key);
    }

    @Test
    void blobOfARevokedModel() throws IOException {
        Key key = Key.of("fido2.3", folder);
        assertAttested(uncertified(changed(key, "NOT_FIDO_CERTIFIED", "FIDO_CERTIFIED_L1")), key);
        refuse(TrustAnchorNotFoundException.class, uncertified(changed(key, "NOT_FIDO_CERTIFIED", "REVOKED")), key);
    }

    private static void assertAttested(TrustAnchorRepository anchors, Key key) {
        var site = new Site(anchors);
        assertEquals(1, site.signIn(key, site.register(key)));
    }

    private static void refuse(Class<? extends Exception> reason, TrustAnchorRepository anchors, Key key) {
        assertThrows(reason, () -> new Site(anchors).register(key));
    }

    private TrustAnchorRepository knowing(String statement) throws IOException {
        return new MetadataStatementsBasedTrustAnchorRepository(converter, write("statement.json", statement));
    }

    /** Vouches for the models of a BLOB, whether FIDO certified them or not. */
    private static TrustAnchorRepository uncertified(MetadataBLOBProvider blob) {
        var anchors = new MetadataBLOBBasedTrustAnchorRepository(blob);
        anchors.setNotFidoCertifiedAllowed(true);
        return anchors;
    }

    /** Verifies the BLOB that a key exports by the root that another does. There are no revocation lists of them. */
    private MetadataBLOBProvider downloaded(Key key, Key rooted) {
        byte[] blob = key.export("blob").getBytes(UTF_8);
        var roots = Set.of(new TrustAnchor(rooted.root("blob-root"), null));
        HttpClient client = uri -> new HttpClient.Response(200, new ByteArrayInputStream(blob));
        var provider = new FidoMDS3MetadataBLOBProvider(converter, "https://mds.example.com", client, roots);
        provider.setRevocationCheckEnabled(false);
        return provider;
    }

    /** Reads the BLOB of a key with something else in it. webauthn4j does not verify who signed a file's. */
    private MetadataBLOBProvider changed(Key key, String target, String replacement) throws IOException {
        return new LocalFileMetadataBLOBProvider(converter, write("blob.jwt", key.blob(target, replacement)));
    }

    private Path write(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }
}
