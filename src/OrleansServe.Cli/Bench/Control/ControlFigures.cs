namespace OrleansServe.Cli.Bench.Control;

/// <summary>What was found.</summary>
/// <param name="Paced">Tokens up to the client's stream, with an engine that steps every so often.</param>
/// <param name="FlatOut">The same with an engine that steps as fast as it can, so that tokens wait for each other and share messages.</param>
/// <param name="Grpc">Tokens up to the socket, paced, with clients in another process.</param>
/// <param name="Requests">Requests of two tokens each.</param>
internal sealed record ControlFigures(ControlWindow Paced, ControlWindow FlatOut, ControlWindow Grpc, ControlWindow Requests)
{
    /// <summary>Microseconds of CPU a token up to the client's stream that are aimed at.</summary>
    public const double StreamTarget = 5;

    /// <summary>Microseconds of CPU a token with the gRPC write that are aimed at.</summary>
    public const double GrpcTarget = 20;

    /// <summary>Requests a second that are aimed at.</summary>
    public const double RequestTarget = 2000;

    /// <summary>CPU microseconds for each token that engines sampled.</summary>
    public static double MicrosecondsPerToken(ControlWindow window) => window.Cpu.TotalMicroseconds / Math.Max(1, window.SampledTokens);

    /// <summary>Managed bytes for each token that engines sampled.</summary>
    public static double BytesPerToken(ControlWindow window) => (double)window.AllocatedBytes / Math.Max(1, window.SampledTokens);

    /// <summary>Tokens of a message on average.</summary>
    public static double TokensPerMessage(ControlWindow window) => (double)window.DeliveredTokens / Math.Max(1, window.Messages);

    /// <summary>Sampled tokens a second.</summary>
    public static double TokensPerSecond(ControlWindow window) => window.SampledTokens / window.Elapsed.TotalSeconds;

    /// <summary>Requests a second.</summary>
    public static double RequestsPerSecond(ControlWindow window) => window.Completed / window.Elapsed.TotalSeconds;

    /// <summary>CPU microseconds for each request.</summary>
    public static double MicrosecondsPerRequest(ControlWindow window) => window.Cpu.TotalMicroseconds / Math.Max(1, window.Completed);

    /// <summary>Managed bytes for each request.</summary>
    public static double BytesPerRequest(ControlWindow window) => (double)window.AllocatedBytes / Math.Max(1, window.Completed);
}
