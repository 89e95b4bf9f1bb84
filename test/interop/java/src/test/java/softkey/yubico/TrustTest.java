package softkey.yubico;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.yubico.webauthn.data.AttestationConveyancePreference;
import com.yubico.webauthn.data.COSEAlgorithmIdentifier;
import com.yubico.webauthn.exception.RegistrationFailedException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import softkey.Key;

/** Attestation: java-webauthn-server holds each format that it knows against the root that it is given. */
class TrustTest {
    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"packed", "fido-u2f", "tpm", "apple"})
    void format(String format) throws Exception {
        Key key = Key.attesting(format, folder);
        var registration = new Site(new Roots(key.root("pem"))).register(key);
        assertTrue(registration.isAttestationTrusted());
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"packed", "fido-u2f", "tpm", "apple"})
    void foreignRoot(String format, @TempDir Path other) {
        Key key = Key.attesting(format, folder);
        assertUntrusted(new Site(new Roots(Key.attesting(format, other).root("pem"))), key);
    }

    /** A format that java-webauthn-server does not know is not trusted. */
    @Test
    void androidKey() {
        Key key = Key.attesting("android-key", folder);
        assertUntrusted(new Site(new Roots(key.root("pem"))), key);
    }

    private static void assertUntrusted(Site site, Key key) {
        var refusal = assertThrows(RegistrationFailedException.class, () -> site.register(key));
        assertEquals("Failed to derive trust for attestation key.", refusal.getCause().getMessage());
    }

    /** java-webauthn-server reads no attestation statement that is an array, as that of compound is. */
    @Test
    void compound() {
        Key key = Key.attesting("compound", folder);
        var site = new Site(new Roots(key.root("pem")));
        var refusal = assertThrows(IOException.class, () -> site.register(key));
        assertTrue(refusal.getMessage().contains("must be a CBOR map"), refusal.getMessage());
    }

    @Test
    void u2f() throws Exception {
        Key key = Key.of("u2f", folder);
        var site = new Site(new Roots(key.root("pem")));
        assertTrue(site.register(key).isAttestationTrusted());
        assertEquals(1, site.signIn(key));
    }

    @Test
    void none() throws Exception {
        Key key = Key.attesting("packed", folder);
        var site = new Site(new Roots(key.root("pem")));
        var registration = site.register(key, COSEAlgorithmIdentifier.ES256, AttestationConveyancePreference.NONE);
        assertFalse(registration.isAttestationTrusted());
    }
}
