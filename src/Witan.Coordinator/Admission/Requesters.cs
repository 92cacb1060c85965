using Witan.Coordinator.Api;
using Witan.Voting;

namespace Witan.Coordinator.Admission;

/// <summary>Who may propose, cancel and revoke. In LOCAL_MODE an empty list allows everyone on this machine.</summary>
internal sealed class Requesters(IReadOnlyList<string> keys, ExecutionMode mode, TimeProvider clock)
{
    /// <summary>Refuses a key that may not.</summary>
    public void Require(Digest key)
    {
        bool known = keys.Contains(key.ToString(), StringComparer.Ordinal) || (mode == ExecutionMode.Local && keys.Count == 0);
        if (!known)
            throw new RequestRefusedException(Problems.Refused("REQUESTER_UNKNOWN", "this key may not do that here", "start the coordinator with --requester KEY"));
    }

    /// <summary>Refuses an order that is not a requester's, for this subject, and recent.</summary>
    public void Require(RequesterOrder order, string action, Digest subject)
    {
        Require(order.Requester);
        if (!order.IsGood(action, subject, clock.GetUtcNow()))
            throw new RequestRefusedException(Problems.Unsigned("SIGNATURE_INVALID", "the order is not signed by its requester for this, or its time is off"));
    }
}
