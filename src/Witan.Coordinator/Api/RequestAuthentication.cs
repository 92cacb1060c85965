using Microsoft.AspNetCore.Http;
using Witan.Coordinator.Admission;
using Witan.Coordinator.Stores;
using Witan.Voting;

namespace Witan.Coordinator.Api;

/// <summary>Reads a bounded body, and finds out which admitted agent signed the request.</summary>
internal sealed class RequestAuthentication(AdmissionDesk desk, TimeProvider clock)
{
    public const int MaximumBody = 1 << 20;

    public static async Task<byte[]?> BodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength is > MaximumBody)
            return null;
        using var body = new MemoryStream();
        byte[] chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (body.Length + read > MaximumBody)
                return null;
            body.Write(chunk, 0, read);
        }

        return body.ToArray();
    }

    /// <summary>The agent that signed, or the problem.</summary>
    public (Enrolment? Agent, Problem? Problem) Authenticate(HttpRequest request, ReadOnlySpan<byte> body, AgentRole role)
    {
        if (!Digest.TryParse(request.Headers[SignedRequest.AgentHeader], out Digest id))
            return (null, Problems.Unsigned("UNSIGNED", "the request names no agent"));
        if (desk.Find(id) is not { } agent)
            return (null, Problems.Unsigned("NOT_ADMITTED", "the agent is not admitted, or its attestation has expired", "attest again"));
        string path = request.Path.Value + request.QueryString.Value;
        if (!SignedRequest.Verify(
            agent.Entry.Keys.Signing, request.Method, path, request.Headers[SignedRequest.TimeHeader], request.Headers[SignedRequest.SignatureHeader], body, clock.GetUtcNow()))
        {
            return (null, Problems.Unsigned("SIGNATURE_INVALID", "the request is not signed by the agent, or its time is off"));
        }

        return agent.Role == role
            ? (agent, null)
            : (null, Problems.Refused("WRONG_ROLE", $"this is for a {role.ToString().ToLowerInvariant()}"));
    }
}
