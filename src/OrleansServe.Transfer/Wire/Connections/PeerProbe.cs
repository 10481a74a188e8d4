using System.Net;
using OrleansServe.Transfer.Wire.Transports;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>Asks whether a peer whose connection broke still listens. If nobody does, its process is gone and need not be waited for.</summary>
internal static class PeerProbe
{
    private const int Attempts = 4;

    /// <summary>Looks a few times, since a process that dies may close its connections a moment before its listener.</summary>
    /// <param name="context">The data plane.</param>
    /// <param name="address">Where the peer said that it listens.</param>
    /// <param name="remote">
    /// Where its connection came from. Nothing is dialled elsewhere: a stranger's word must not send connections wherever he likes, and behind address translation a refusal
    /// would say nothing.
    /// </param>
    public static async Task<bool> IsGoneAsync(WireContext context, string address, string remote)
    {
        WireAddress peer;
        try
        {
            peer = WireAddress.Parse(address);
        }
        catch (PeerUnreachableException)
        {
            return false;
        }

        if (!IPAddress.TryParse(peer.Host.Trim('[', ']'), out IPAddress? host) || !IPAddress.TryParse(remote, out IPAddress? seen) || !host.Equals(seen))
        {
            return false;
        }

        using CancellationTokenSource limit = new(context.Options.ResumeLimit, context.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.Ending.Token);
        try
        {
            for (int attempt = 0; attempt < Attempts; attempt++)
            {
                await (await context.Transport.ConnectAsync(peer.Host, peer.Port, either.Token).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
                await Task.Delay(TimeSpan.FromMilliseconds(10 << attempt), context.Time, either.Token).ConfigureAwait(false);
            }
        }
        catch (ConnectionRefusedException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Whoever does not answer may only be slow.
        }

        return false;
    }
}
