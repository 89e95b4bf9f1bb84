package softkey.webauthn4j;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.webauthn4j.WebAuthnManager;
import com.webauthn4j.anchor.TrustAnchorRepository;
import com.webauthn4j.converter.util.ObjectConverter;
import com.webauthn4j.credential.CredentialRecord;
import com.webauthn4j.credential.CredentialRecordImpl;
import com.webauthn4j.data.AttestationConveyancePreference;
import com.webauthn4j.data.AuthenticationParameters;
import com.webauthn4j.data.PublicKeyCredentialCreationOptions;
import com.webauthn4j.data.PublicKeyCredentialDescriptor;
import com.webauthn4j.data.PublicKeyCredentialParameters;
import com.webauthn4j.data.PublicKeyCredentialRequestOptions;
import com.webauthn4j.data.PublicKeyCredentialRpEntity;
import com.webauthn4j.data.PublicKeyCredentialType;
import com.webauthn4j.data.PublicKeyCredentialUserEntity;
import com.webauthn4j.data.RegistrationParameters;
import com.webauthn4j.data.UserVerificationRequirement;
import com.webauthn4j.data.attestation.statement.COSEAlgorithmIdentifier;
import com.webauthn4j.data.client.Origin;
import com.webauthn4j.data.client.challenge.Challenge;
import com.webauthn4j.data.client.challenge.DefaultChallenge;
import com.webauthn4j.server.ServerProperty;
import com.webauthn4j.verifier.attestation.statement.androidkey.AndroidKeyAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.apple.AppleAnonymousAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.none.NoneAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.packed.PackedAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.tpm.TPMAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.statement.u2f.FIDOU2FAttestationStatementVerifier;
import com.webauthn4j.verifier.attestation.trustworthiness.certpath.DefaultCertPathTrustworthinessVerifier;
import com.webauthn4j.verifier.attestation.trustworthiness.self.DefaultSelfAttestationTrustworthinessVerifier;
import java.util.List;
import softkey.Key;

/** A site as webauthn4j makes one. Its methods throw the judgement if they refuse. */
final class Site {
    private final ObjectConverter converter = new ObjectConverter();
    private final WebAuthnManager manager;
    private final Origin origin;

    /** Makes a site that trusts the keys for which it finds an anchor. */
    Site(TrustAnchorRepository anchors) {
        this(anchors, Key.ORIGIN);
    }

    Site(TrustAnchorRepository anchors, String origin) {
        this.origin = new Origin(origin);
        manager = new WebAuthnManager(
                List.of(new NoneAttestationStatementVerifier(), new PackedAttestationStatementVerifier(),
                        new FIDOU2FAttestationStatementVerifier(), new TPMAttestationStatementVerifier(),
                        new AndroidKeyAttestationStatementVerifier(), new AppleAnonymousAttestationStatementVerifier()),
                new DefaultCertPathTrustworthinessVerifier(anchors),
                new DefaultSelfAttestationTrustworthinessVerifier(), converter);
    }

    CredentialRecord register(Key key) {
        return register(key, COSEAlgorithmIdentifier.ES256, AttestationConveyancePreference.DIRECT);
    }

    CredentialRecord register(Key key, COSEAlgorithmIdentifier alg, AttestationConveyancePreference attestation) {
        var challenge = new DefaultChallenge();
        var algorithms = List.of(new PublicKeyCredentialParameters(PublicKeyCredentialType.PUBLIC_KEY, alg));
        var options = new PublicKeyCredentialCreationOptions(new PublicKeyCredentialRpEntity(Key.RP_ID, "Example"),
                new PublicKeyCredentialUserEntity("ada".getBytes(UTF_8), "ada", "Ada"), challenge, algorithms,
                null, List.of(), null, attestation, null);
        var data = manager.verifyRegistrationResponseJSON(key.create(json(options)),
                new RegistrationParameters(expected(challenge), algorithms, false));
        return new CredentialRecordImpl(data.getAttestationObject(), data.getCollectedClientData(),
                data.getClientExtensions(), data.getTransports());
    }

    /** Signs in, and returns the counter, which the site keeps. */
    long signIn(Key key, CredentialRecord credential) {
        var challenge = new DefaultChallenge();
        return judge(credential, challenge, answer(key, credential, challenge));
    }

    /** Returns what the key answers if the site asks for a credential. */
    String answer(Key key, CredentialRecord credential, Challenge challenge) {
        byte[] id = credential.getAttestedCredentialData().getCredentialId();
        var descriptor = new PublicKeyCredentialDescriptor(PublicKeyCredentialType.PUBLIC_KEY, id, null);
        return key.get(json(new PublicKeyCredentialRequestOptions(challenge, null, Key.RP_ID, List.of(descriptor),
                UserVerificationRequirement.DISCOURAGED, null)));
    }

    /** Verifies an assertion, and returns the counter, which the site keeps. */
    long judge(CredentialRecord credential, Challenge challenge, String assertion) {
        var parameters = new AuthenticationParameters(expected(challenge), credential, null, false);
        long counter = manager.verifyAuthenticationResponseJSON(assertion, parameters).getAuthenticatorData().getSignCount();
        credential.setCounter(counter);
        return counter;
    }

    private ServerProperty expected(Challenge challenge) {
        return ServerProperty.builder().origin(origin).rpId(Key.RP_ID).challenge(challenge).build();
    }

    private String json(Object options) {
        return converter.getJsonConverter().writeValueAsString(options);
    }
}
