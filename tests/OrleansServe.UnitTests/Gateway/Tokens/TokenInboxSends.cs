using OrleansServe.Gateway.Tokens;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.UnitTests.Gateway.Tokens;

internal static class TokenInboxSends
{
    /// <summary>Offers an event and wakes the session if it waits for it, as the router does.</summary>
    public static void Deliver(this TokenInbox inbox, in TokenEvent token, TokenFrame frame, long now)
    {
        if (inbox.Offer(in token, frame, now))
        {
            ThreadPool.UnsafeQueueUserWorkItem(inbox, preferLocal: false);
        }
    }
}
