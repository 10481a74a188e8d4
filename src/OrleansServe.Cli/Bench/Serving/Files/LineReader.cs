using System.IO.Compression;

using OrleansServe.Cli.Client;

namespace OrleansServe.Cli.Bench.Serving.Files;

/// <summary>Reads a file line by line, with a limit on a line and on the whole, unpacking it if its name ends in .gz.</summary>
internal static class LineReader
{
    /// <summary>Most bytes of a line.</summary>
    public const int MostLineBytes = 16 << 20;

    /// <summary>Most bytes of a file, unpacked.</summary>
    public const long MostFileBytes = 1L << 30;

    private const int BufferBytes = 1 << 16;

    /// <summary>Every line with its number, from 1, without its end; empty ones are left out.</summary>
    /// <exception cref="CommandFailedException">The file cannot be read, or is beyond a limit; the message names it and the line.</exception>
    public static IEnumerable<FileLine> Read(string path)
    {
        using Stream stream = Open(path);
        byte[] buffer = new byte[BufferBytes];
        int begin = 0;
        int end = 0;
        int number = 1;
        long read = 0;
        while (true)
        {
            int length = buffer.AsSpan(begin, end - begin).IndexOf((byte)'\n');
            if (length >= 0)
            {
                if (Line(begin, length) is { } line)
                {
                    yield return line;
                }

                begin += length + 1;
                number++;
                continue;
            }

            if (end - begin >= MostLineBytes)
            {
                throw new CommandFailedException($"{path}:{number}: a line has at most {MostLineBytes} bytes, this one has more");
            }

            (buffer, begin, end) = MakeRoom(buffer, begin, end);
            int more = Fill(stream, path, buffer.AsSpan(end));
            read += more;
            if (read > MostFileBytes)
            {
                throw new CommandFailedException($"{path}: a file has at most {MostFileBytes} bytes, unpacked; this one has more");
            }

            if (more == 0)
            {
                if (Line(begin, end - begin) is { } last)
                {
                    yield return last;
                }

                yield break;
            }

            end += more;
        }

        FileLine? Line(int at, int length)
        {
            ReadOnlyMemory<byte> bytes = buffer.AsMemory(at, length);
            if (length > 0 && bytes.Span[^1] == '\r')
            {
                bytes = bytes[..^1];
            }

            return bytes.Span.Trim(" \t"u8).IsEmpty ? null : new FileLine(path, number, bytes);
        }
    }

    private static Stream Open(string path)
    {
        try
        {
            FileStream file = File.OpenRead(path);
            return path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandFailedException($"{path}: {exception.Message}", exception);
        }
    }

    private static int Fill(Stream stream, string path, Span<byte> room)
    {
        try
        {
            return stream.Read(room);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new CommandFailedException($"{path}: {exception.Message}", exception);
        }
    }

    private static (byte[] Buffer, int Begin, int End) MakeRoom(byte[] buffer, int begin, int end)
    {
        byte[] target = end - begin > buffer.Length / 2 ? new byte[buffer.Length * 2] : buffer;
        buffer.AsSpan(begin, end - begin).CopyTo(target);
        return (target, 0, end - begin);
    }
}
