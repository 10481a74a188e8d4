using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Tokens;

namespace OrleansServe.Gateway.Sessions;

/// <summary>A stream that ended before its samples did.</summary>
/// <param name="End">How.</param>
/// <param name="Fault">One line for the client, should nobody else go on.</param>
/// <param name="Workers">Who may be at fault.</param>
internal sealed record Interruption(InboxEnd End, string Fault, ImmutableArray<WorkerId> Workers)
{
    /// <summary>
    /// Whether the request may have had part in it: one that takes down every worker that it comes to must not go through the whole cluster. Who hands
    /// a request on is well, and each hand-over brings a token.
    /// </summary>
    public bool IsLoss => End != InboxEnd.HandedOver;

    /// <summary>What has become of a placed stream whose inbox is at its end.</summary>
    public static Interruption Of(PlacedStream stream)
    {
        TokenInbox inbox = stream.Inbox!;
        Placement placement = stream.Placement;

        // What the decode worker fails with may have been the KV that the prefill worker sent.
        ImmutableArray<WorkerId> workers = inbox.End == InboxEnd.WorkerFailed
            ? [placement.Admission.Decode, placement.Admission.Prefill]
            : [placement.Admission.Decode];
        return new Interruption(inbox.End, inbox.Fault, workers);
    }
}
