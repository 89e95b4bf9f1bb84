package softkey.yubico;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.yubico.webauthn.AssertionRequest;
import com.yubico.webauthn.FinishAssertionOptions;
import com.yubico.webauthn.FinishRegistrationOptions;
import com.yubico.webauthn.RegisteredCredential;
import com.yubico.webauthn.RegistrationResult;
import com.yubico.webauthn.RelyingParty;
import com.yubico.webauthn.StartAssertionOptions;
import com.yubico.webauthn.StartRegistrationOptions;
import com.yubico.webauthn.attestation.AttestationTrustSource;
import com.yubico.webauthn.data.AttestationConveyancePreference;
import com.yubico.webauthn.data.ByteArray;
import com.yubico.webauthn.data.COSEAlgorithmIdentifier;
import com.yubico.webauthn.data.PublicKeyCredential;
import com.yubico.webauthn.data.PublicKeyCredentialParameters;
import com.yubico.webauthn.data.RelyingPartyIdentity;
import com.yubico.webauthn.data.UserIdentity;
import com.yubico.webauthn.exception.AssertionFailedException;
import com.yubico.webauthn.exception.RegistrationFailedException;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import softkey.Key;

/** A site with one account, as java-webauthn-server makes one. Its methods throw the judgement if they refuse. */
final class Site {
    private static final UserIdentity ADA =
            UserIdentity.builder().name("ada").displayName("Ada").id(new ByteArray("ada".getBytes(UTF_8))).build();

    private final Account account = new Account(ADA);
    private final AttestationTrustSource trust;
    private final String origin;

    /** Makes a site that trusts the keys for which it finds a root. */
    Site(AttestationTrustSource trust) {
        this(trust, Key.ORIGIN);
    }

    Site(AttestationTrustSource trust, String origin) {
        this.trust = trust;
        this.origin = origin;
    }

    private RelyingParty party(COSEAlgorithmIdentifier alg, AttestationConveyancePreference attestation) {
        return RelyingParty.builder()
                .identity(RelyingPartyIdentity.builder().id(Key.RP_ID).name("Example").build())
                .credentialRepository(account)
                .origins(Set.of(origin))
                .attestationTrustSource(trust)
                .attestationConveyancePreference(attestation)
                .allowUntrustedAttestation(attestation == AttestationConveyancePreference.NONE)
                .preferredPubkeyParams(List.of(PublicKeyCredentialParameters.builder().alg(alg).build()))
                .build();
    }

    RegistrationResult register(Key key) throws IOException, RegistrationFailedException {
        return register(key, COSEAlgorithmIdentifier.ES256, AttestationConveyancePreference.DIRECT);
    }

    RegistrationResult register(Key key, COSEAlgorithmIdentifier alg, AttestationConveyancePreference attestation)
            throws IOException, RegistrationFailedException {
        RelyingParty party = party(alg, attestation);
        var options = party.startRegistration(StartRegistrationOptions.builder().user(ADA).build());
        var response = PublicKeyCredential.parseRegistrationResponseJson(key.create(options.toCredentialsCreateJson()));
        var result = party.finishRegistration(
                FinishRegistrationOptions.builder().request(options).response(response).build());
        account.keep(RegisteredCredential.builder().credentialId(result.getKeyId().getId()).userHandle(ADA.getId())
                .publicKeyCose(result.getPublicKeyCose()).signatureCount(result.getSignatureCount()).build());
        return result;
    }

    /** Signs in, and returns the counter, which the site keeps. */
    long signIn(Key key) throws IOException, AssertionFailedException {
        AssertionRequest request = ask();
        return judge(request, answer(key, request));
    }

    /** Asks for a credential of the account. */
    AssertionRequest ask() {
        return party().startAssertion(StartAssertionOptions.builder().username(ADA.getName()).build());
    }

    static String answer(Key key, AssertionRequest request) throws IOException {
        return key.get(request.toCredentialsGetJson());
    }

    /** Verifies an assertion, and returns the counter, which the site keeps. */
    long judge(AssertionRequest request, String assertion) throws IOException, AssertionFailedException {
        var response = PublicKeyCredential.parseAssertionResponseJson(assertion);
        var result = party().finishAssertion(FinishAssertionOptions.builder().request(request).response(response).build());
        count(result.getSignatureCount());
        return result.getSignatureCount();
    }

    /** Has the site believe that the account's credential has counted that far. */
    void count(long counter) {
        account.keep(account.credential().toBuilder().signatureCount(counter).build());
    }

    private RelyingParty party() {
        return party(COSEAlgorithmIdentifier.ES256, AttestationConveyancePreference.DIRECT);
    }
}
