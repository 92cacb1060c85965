using Microsoft.AspNetCore.Http;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>Finds out which admitted agent signed a request. An agent that asks is here.</summary>
internal sealed class RequestAuthentication(AdmissionDesk desk, TimeProvider clock)
{
    /// <summary>The agent of a role that signed the request with this body.</summary>
    public Enrolment Require(HttpContext context, byte[] body, AgentRole role)
    {
        // A worker may have been revoked and still be a voter, where the policy says so.
        Enrolment agent = Require(context, body, role == AgentRole.Worker ? desk.FindVoter : desk.Find);
        return agent.Role == role
            ? agent
            : throw new RequestRefusedException(Problems.Refused("WRONG_ROLE", $"this is for a {role.ToString().ToLowerInvariant()}"));
    }

    /// <summary>The agent that signed the request with this body, whatever its role.</summary>
    public Enrolment Require(HttpContext context, byte[] body) => Require(context, body, desk.Find);

    private Enrolment Require(HttpContext context, byte[] body, Func<Digest, Enrolment?> find)
    {
        HttpRequest request = context.Request;
        if (!Digest.TryParse(request.Headers[SignedRequest.AgentHeader], out Digest id))
            throw new RequestRefusedException(Problems.Unsigned("UNSIGNED", "the request names no agent"));
        if (find(id) is not { } agent)
            throw new RequestRefusedException(Problems.Unsigned("NOT_ADMITTED", "the agent is not admitted, or its attestation has expired", "attest again"));
        string path = request.Path.Value + request.QueryString.Value;
        return SignedRequest.Verify(
            agent.Entry.Keys.Signing, request.Method, path, request.Headers[SignedRequest.TimeHeader], request.Headers[SignedRequest.SignatureHeader], body, clock.GetUtcNow())
            ? agent
            : throw new RequestRefusedException(Problems.Unsigned("SIGNATURE_INVALID", "the request is not signed by the agent, or its time is off"));
    }
}
