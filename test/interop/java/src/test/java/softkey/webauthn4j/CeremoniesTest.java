package softkey.webauthn4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.webauthn4j.credential.CredentialRecord;
import com.webauthn4j.data.AttestationConveyancePreference;
import com.webauthn4j.data.attestation.statement.COSEAlgorithmIdentifier;
import com.webauthn4j.data.client.challenge.DefaultChallenge;
import com.webauthn4j.verifier.exception.BadChallengeException;
import com.webauthn4j.verifier.exception.BadOriginException;
import com.webauthn4j.verifier.exception.BadSignatureException;
import com.webauthn4j.verifier.exception.MaliciousCounterValueException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import softkey.Key;

/** Ceremonies: a credential of each algorithm that webauthn4j and softkey have is attested, and signs in. */
class CeremoniesTest {
    @TempDir
    Path folder;
    Key key;
    Site site;

    @BeforeEach
    void plug() {
        key = Key.attesting("packed", folder);
        site = new Site(new Anchors(key.root("pem")));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"ES256,-7", "EdDSA,-8", "ES384,-35", "ES512,-36", "PS256,-37", "RS256,-257"})
    void algorithm(String name, long id) {
        var alg = COSEAlgorithmIdentifier.create(id);
        CredentialRecord credential = site.register(key, alg, AttestationConveyancePreference.DIRECT);
        assertEquals(alg, credential.getAttestedCredentialData().getCOSEKey().getAlgorithm());
        for (long counter = 1; counter <= 3; counter++) {
            assertEquals(counter, site.signIn(key, credential));
        }
        var challenge = new DefaultChallenge();
        String forged = Key.miscounted(site.answer(key, credential, challenge));
        assertThrows(BadSignatureException.class, () -> site.judge(credential, challenge, forged));
    }

    @Test
    void replay() {
        CredentialRecord credential = site.register(key);
        var challenge = new DefaultChallenge();
        String assertion = site.answer(key, credential, challenge);
        assertThrows(BadChallengeException.class, () -> site.judge(credential, new DefaultChallenge(), assertion));
        site.judge(credential, challenge, assertion);
        assertThrows(MaliciousCounterValueException.class, () -> site.judge(credential, challenge, assertion));
    }

    @Test
    void counterThatDoesNotRise() {
        CredentialRecord credential = site.register(key);
        credential.setCounter(1);
        assertThrows(MaliciousCounterValueException.class, () -> site.signIn(key, credential));
    }

    @Test
    void wrongOrigin() {
        var other = new Site(new Anchors(key.root("pem")), "https://www.example.com");
        assertThrows(BadOriginException.class, () -> other.register(key));
        CredentialRecord credential = site.register(key);
        assertThrows(BadOriginException.class, () -> other.signIn(key, credential));
    }
}
