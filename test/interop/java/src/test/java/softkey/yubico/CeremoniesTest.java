package softkey.yubico;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.yubico.webauthn.AssertionRequest;
import com.yubico.webauthn.data.AttestationConveyancePreference;
import com.yubico.webauthn.data.COSEAlgorithmIdentifier;
import com.yubico.webauthn.exception.AssertionFailedException;
import com.yubico.webauthn.exception.InvalidSignatureCountException;
import com.yubico.webauthn.exception.RegistrationFailedException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import softkey.Key;

/** Ceremonies: a credential of each algorithm that java-webauthn-server and softkey have is attested, and signs in. */
class CeremoniesTest {
    @TempDir
    Path folder;
    Key key;
    Site site;

    @BeforeEach
    void plug() {
        key = Key.attesting("packed", folder);
        site = new Site(new Roots(key.root("pem")));
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"RS384", "RS512", "RS1"})
    void algorithm(COSEAlgorithmIdentifier alg) throws Exception {
        var registration = site.register(key, alg, AttestationConveyancePreference.DIRECT);
        assertTrue(registration.isAttestationTrusted());
        assertEquals(Optional.of(alg), COSEAlgorithmIdentifier.fromPublicKey(registration.getPublicKeyCose()));
        for (long counter = 1; counter <= 3; counter++) {
            assertEquals(counter, site.signIn(key));
        }
        AssertionRequest request = site.ask();
        refuse("Invalid assertion signature", request, Key.miscounted(Site.answer(key, request)));
    }

    private void refuse(String reason, AssertionRequest request, String assertion) {
        var refusal = assertThrows(AssertionFailedException.class, () -> site.judge(request, assertion));
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    @Test
    void replay() throws Exception {
        site.register(key);
        AssertionRequest request = site.ask();
        String assertion = Site.answer(key, request);
        refuse("Incorrect challenge", site.ask(), assertion);
        site.judge(request, assertion);
        assertThrows(InvalidSignatureCountException.class, () -> site.judge(request, assertion));
    }

    @Test
    void counterThatDoesNotRise() throws Exception {
        site.register(key);
        site.count(1);
        assertThrows(InvalidSignatureCountException.class, () -> site.signIn(key));
    }

    @Test
    void wrongOrigin() {
        var other = new Site(new Roots(key.root("pem")), "https://www.example.com");
        var refusal = assertThrows(RegistrationFailedException.class, () -> other.register(key));
        assertTrue(refusal.getMessage().contains("Incorrect origin"), refusal.getMessage());
    }
}
