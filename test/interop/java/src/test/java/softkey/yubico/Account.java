package softkey.yubico;

import com.yubico.webauthn.CredentialRepository;
import com.yubico.webauthn.RegisteredCredential;
import com.yubico.webauthn.data.ByteArray;
import com.yubico.webauthn.data.PublicKeyCredentialDescriptor;
import com.yubico.webauthn.data.UserIdentity;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An account and its credential, as java-webauthn-server asks for them. */
final class Account implements CredentialRepository {
    private final UserIdentity user;
    private RegisteredCredential credential; // null: none is registered

    Account(UserIdentity user) {
        this.user = user;
    }

    void keep(RegisteredCredential credential) {
        this.credential = credential;
    }

    RegisteredCredential credential() {
        return credential;
    }

    @Override
    public Set<PublicKeyCredentialDescriptor> getCredentialIdsForUsername(String username) {
        return Stream.ofNullable(credential).filter(kept -> username.equals(user.getName()))
                .map(kept -> PublicKeyCredentialDescriptor.builder().id(kept.getCredentialId()).build())
                .collect(Collectors.toSet());
    }

    @Override
    public Optional<ByteArray> getUserHandleForUsername(String username) {
        return Optional.of(user.getId()).filter(id -> username.equals(user.getName()));
    }

    @Override
    public Optional<String> getUsernameForUserHandle(ByteArray userHandle) {
        return Optional.of(user.getName()).filter(name -> userHandle.equals(user.getId()));
    }

    @Override
    public Optional<RegisteredCredential> lookup(ByteArray credentialId, ByteArray userHandle) {
        return lookupAll(credentialId).stream().filter(kept -> userHandle.equals(kept.getUserHandle())).findAny();
    }

    @Override
    public Set<RegisteredCredential> lookupAll(ByteArray credentialId) {
        return Stream.ofNullable(credential).filter(kept -> credentialId.equals(kept.getCredentialId()))
                .collect(Collectors.toSet());
    }
}
