package softkey.webauthn4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.webauthn4j.credential.CredentialRecord;
import com.webauthn4j.data.AttestationConveyancePreference;
import com.webauthn4j.data.attestation.statement.COSEAlgorithmIdentifier;
import com.webauthn4j.verifier.exception.BadAttestationStatementException;
import com.webauthn4j.verifier.exception.CertificateException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import softkey.Key;

/** Attestation: webauthn4j holds each format that it knows against the root that it is given. */
class TrustTest {
    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"packed", "fido-u2f", "android-key", "apple"})
    void format(String format) {
        Key key = Key.attesting(format, folder);
        CredentialRecord credential = new Site(new Anchors(key.root("pem"))).register(key);
        assertEquals(format, credential.getAttestationStatement().getFormat());
        String aaguid = format.equals("fido-u2f") ? Key.NO_AAGUID : Key.FULL_AAGUID;
        assertEquals(aaguid, credential.getAttestedCredentialData().getAaguid().toString());
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"packed", "fido-u2f", "android-key", "apple"})
    void foreignRoot(String format, @TempDir Path other) {
        Key key = Key.attesting(format, folder);
        var site = new Site(new Anchors(Key.attesting(format, other).root("pem")));
        var refusal = assertThrows(CertificateException.class, () -> site.register(key));
        assertEquals("invalid cert path", refusal.getMessage());
    }

    /** webauthn4j takes the AAGUID in a TPM's certificate for other bytes: it does not unwrap the extension. */
    @Test
    void tpmWhoseCertificateHasAnAAGUID() {
        Key key = Key.attesting("tpm", folder);
        var site = new Site(new Anchors(key.root("pem")));
        var refusal = assertThrows(BadAttestationStatementException.class, () -> site.register(key));
        assertEquals("AAGUID in aikCert doesn't match with that in authenticatorData", refusal.getMessage());
    }

    @Test
    void u2f() {
        Key key = Key.of("u2f", folder);
        var site = new Site(new Anchors(key.root("pem")));
        CredentialRecord credential = site.register(key);
        assertEquals("fido-u2f", credential.getAttestationStatement().getFormat());
        assertEquals(1, site.signIn(key, credential));
    }

    @Test
    void none(@TempDir Path other) {
        Key key = Key.attesting("packed", folder);
        var site = new Site(new Anchors(Key.attesting("packed", other).root("pem")));
        var credential = site.register(key, COSEAlgorithmIdentifier.ES256, AttestationConveyancePreference.NONE);
        assertEquals("none", credential.getAttestationStatement().getFormat());
    }
}
