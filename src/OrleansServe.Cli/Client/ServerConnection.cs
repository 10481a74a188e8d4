using Grpc.Net.Client;

using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Client;

/// <summary>A channel to a server.</summary>
internal sealed class ServerConnection : IDisposable
{
    /// <summary>Where `serve` listens unless told otherwise.</summary>
    public const string DefaultUrl = "http://127.0.0.1:50051";

    // An answer's frames are small; a reply about a large cluster or a long text is not.
    private const int MaxMessageBytes = 64 << 20;

    private readonly GrpcChannel _channel;

    /// <summary>Opens a channel; nothing is sent before the first call.</summary>
    public ServerConnection(Uri server)
    {
        Server = server;
        _channel = GrpcChannel.ForAddress(server, new GrpcChannelOptions { MaxReceiveMessageSize = MaxMessageBytes, MaxSendMessageSize = MaxMessageBytes });
        Inference = new InferenceService.InferenceServiceClient(_channel);
        Admin = new AdminService.AdminServiceClient(_channel);
    }

    /// <summary>Its address.</summary>
    public Uri Server { get; }

    /// <summary>The generated client.</summary>
    public InferenceService.InferenceServiceClient Inference { get; }

    /// <summary>The generated client of what operators ask.</summary>
    public AdminService.AdminServiceClient Admin { get; }

    /// <summary>Reads an address as users write it: with or without the scheme.</summary>
    /// <exception cref="CommandFailedException">It is none.</exception>
    public static Uri ParseUrl(string text)
    {
        string full = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
        return Uri.TryCreate(full, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" && url.Host.Length > 0
            && url.PathAndQuery is "/" && url.UserInfo.Length == 0
            ? url
            : throw new CommandFailedException($"--url must be http://HOST:PORT or https://HOST:PORT, not '{text}'");
    }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();
}
