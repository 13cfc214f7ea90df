using System.Globalization;
using System.Text;
using KvServer.Commands;
using KvServer.Resp;
using KvServer.State;

namespace KvServer.Server;

/// <summary>Commands that concern the connection or the server, not the state.</summary>
internal sealed class LocalCommands(RespServer server)
{
    public Reply Execute(RespConnection connection, CommandInfo command, RespRequestParser request)
    {
        switch (command.Kind)
        {
            case CommandKind.Ping:
                return request.Count switch
                {
                    1 => FixedReply.Pong,
                    2 => Answer(o => o.Bulk(request[1])),
                    _ => new FixedReply(Replies.WrongNumber(command.Name)),
                };
            case CommandKind.Echo:
                return Answer(o => o.Bulk(request[1]));
            case CommandKind.Select:
                return Text(request[1]) == "0" ? FixedReply.Ok : Error("DB index is out of range");
            case CommandKind.Quit:
                connection.Quitting = true;
                return FixedReply.Ok;
            case CommandKind.Client:
                return Client(connection, request);
            case CommandKind.Config:
                return Config(request);
            case CommandKind.Command:
                return Commands(request);
            case CommandKind.Hello:
                return Hello(connection, request);
            case CommandKind.Info:
                return new TaskReply(InfoAsync(request.Count > 1 ? Text(request[1]).ToLowerInvariant() : "all"));
            default:
                return Raft(connection, request);
        }
    }

    private static FixedReply Answer(Action<RespOutput> write)
    {
        RespOutput output = new();
        write(output);
        return new FixedReply(output.Written.ToArray());
    }

    private static FixedReply Error(string reason) => new(Replies.Error("ERR", reason));

    private static string Text(ReadOnlySpan<byte> argument) => Encoding.UTF8.GetString(argument[..Math.Min(argument.Length, 256)]);

    private static FixedReply Client(RespConnection connection, RespRequestParser request)
    {
        switch (Text(request[1]).ToUpperInvariant())
        {
            case "SETNAME" when request.Count == 3:
                connection.Name = Text(request[2]);
                return FixedReply.Ok;
            case "GETNAME" when request.Count == 2:
                return Answer(o => o.Bulk(connection.Name));
            case "ID" when request.Count == 2:
                return Answer(o => o.Integer(connection.Id));
            case "SETINFO" when request.Count == 4:
            case "NO-EVICT" or "NO-TOUCH" when request.Count == 3:
                return FixedReply.Ok;
            case "INFO" or "LIST" when request.Count == 2:
                return Answer(o => o.Bulk($"id={connection.Id} addr={connection.Remote} name={connection.Name} db=0\n"));
            case "SETNAME" or "GETNAME" or "ID" or "SETINFO" or "NO-EVICT" or "NO-TOUCH" or "INFO" or "LIST":
                return new FixedReply(Replies.WrongNumber("client"));
            default:
                return Error($"unknown subcommand '{Text(request[1])}' of CLIENT");
        }
    }

    private Reply Config(RespRequestParser request)
    {
        if (!Text(request[1]).Equals("GET", StringComparison.OrdinalIgnoreCase))
        {
            return Error("only CONFIG GET is supported; settings come from the configuration file");
        }

        (string Name, string Value)[] known =
        [
            ("save", ""),
            ("appendonly", "yes"), // Every answered write is on the disks of a majority.
            ("appendfsync", "always"),
            ("maxmemory", "0"),
            ("databases", "1"),
            ("timeout", "0"),
            ("maxclients", server.Options.MaxConnections.ToString(CultureInfo.InvariantCulture)),
            ("proto-max-bulk-len", server.Options.Limits.MaxArgument.ToString(CultureInfo.InvariantCulture)),
            ("port", server.Endpoint.Port.ToString(CultureInfo.InvariantCulture)),
            ("bind", server.Endpoint.Address.ToString()),
        ];
        List<(string Name, string Value)> asked = [];
        for (int i = 2; i < request.Count; i++)
        {
            byte[] pattern = Encoding.UTF8.GetBytes(Text(request[i]).ToLowerInvariant());
            asked.AddRange(known.Where(k => GlobPattern.IsMatch(pattern, Encoding.UTF8.GetBytes(k.Name)) && !asked.Contains(k)));
        }

        return Answer(o =>
        {
            o.Array(asked.Count * 2);
            foreach ((string name, string value) in asked)
            {
                o.Bulk(name);
                o.Bulk(value);
            }
        });
    }

    private static FixedReply Commands(RespRequestParser request)
    {
        string sub = request.Count > 1 ? Text(request[1]).ToUpperInvariant() : "";
        switch (sub)
        {
            case "COUNT":
                return Answer(o => o.Integer(CommandTable.All.Count));
            case "DOCS":
                return new FixedReply(Replies.EmptyArray);
            case "LIST":
                return Answer(o =>
                {
                    o.Array(CommandTable.All.Count);
                    foreach (CommandInfo command in CommandTable.All)
                    {
                        o.Bulk(command.Name.ToLowerInvariant());
                    }
                });
            case "INFO":
                List<CommandInfo?> asked = [];
                for (int i = 2; i < request.Count; i++)
                {
                    asked.Add(CommandTable.Find(request[i]));
                }

                return Answer(o => Describe(o, request.Count > 2 ? asked : [.. CommandTable.All]));
            case "":
                return Answer(o => Describe(o, CommandTable.All));
            default:
                return Error($"unknown subcommand '{Text(request[1])}' of COMMAND");
        }
    }

    private static void Describe(RespOutput output, IReadOnlyList<CommandInfo?> commands)
    {
        output.Array(commands.Count);
        foreach (CommandInfo? command in commands)
        {
            if (command is null)
            {
                output.Raw("*-1\r\n"u8);
                continue;
            }

            output.Array(6);
            output.Bulk(command.Name.ToLowerInvariant());
            output.Integer(command.Arity);
            output.Array(1);
            output.Status(command.Access switch { CommandAccess.Read => "readonly", CommandAccess.Write => "write", _ => "fast" });
            output.Integer(command.FirstKey);
            output.Integer(command.LastKey);
            output.Integer(command.KeyStep);
        }
    }

    private static FixedReply Hello(RespConnection connection, RespRequestParser request)
    {
        if (request.Count > 1 && Text(request[1]) != "2")
        {
            return new FixedReply(Replies.Error("NOPROTO", "unsupported protocol version, this server speaks RESP2"));
        }

        if (request.Count > 2)
        {
            return Error("HELLO takes no options here");
        }

        return Answer(o =>
        {
            o.Array(14);
            o.Bulk("server");
            o.Bulk("raftactors-kv");
            o.Bulk("version");
            o.Bulk("7.0.0");
            o.Bulk("proto");
            o.Integer(2);
            o.Bulk("id");
            o.Integer(connection.Id);
            o.Bulk("mode");
            o.Bulk("standalone");
            o.Bulk("role");
            o.Bulk("master"); // Every node takes every command, so to a client each looks like a master.
            o.Bulk("modules");
            o.Array(0);
        });
    }

    private Reply Raft(RespConnection connection, RespRequestParser request)
    {
        switch (Text(request[1]).ToUpperInvariant())
        {
            case "STATUS" when request.Count == 2:
                return new TaskReply(StatusAsync());
            case "LEADER" when request.Count == 2:
                return new TaskReply(LeaderAsync());
            case "SNAPSHOT" when request.Count == 2:
                return new TaskReply(SnapshotAsync());
            case "MEMBERS" when request.Count == 2:
                return server.Members.List();
            case "ADD" when request.Count is 4 or 5:
                return server.Members.Add(request);
            case "REMOVE" when request.Count == 3:
                return server.Members.Remove(request);
            case "TRANSFER" when request.Count is 2 or 3:
                return server.Members.Transfer(request);
            case "SESSION" when request.Count >= 3:
                return server.Sessions.Control(request);
            case "READ" when request.Count == 3 && Enum.TryParse(Text(request[2]), ignoreCase: true, out ReadLevel level) && Enum.IsDefined(level)
                && !char.IsAsciiDigit(Text(request[2])[0]):
                connection.ReadLevel = level;
                return FixedReply.Ok;
            case "READ" when request.Count == 2:
                return Answer(o => o.Bulk(connection.ReadLevel.ToString().ToLowerInvariant()));
            case "READ":
                return Error("RAFT READ takes lease, linearizable or stale");
            default:
                return Error("RAFT takes STATUS, LEADER, MEMBERS, ADD id host:port [voter|learner|log-only], REMOVE id, TRANSFER [id], SNAPSHOT, SESSION OPEN|KEEP|CLOSE or READ [lease|linearizable|stale]");
        }
    }

    private async Task<byte[]> StatusAsync() => Replies.Bulk(await server.Log.GetStatusAsync(CancellationToken.None).ConfigureAwait(false));

    private async Task<byte[]> SnapshotAsync()
    {
        (long index, string? reason) = await server.Log.TakeSnapshotAsync(CancellationToken.None).ConfigureAwait(false);
        if (reason is not null)
        {
            return Replies.Error("ERR", $"no snapshot: {reason}");
        }

        RespOutput output = new();
        output.Integer(index);
        return output.Written.ToArray();
    }

    private async Task<byte[]> LeaderAsync()
    {
        (int id, string address) = await server.Log.GetLeaderAsync(CancellationToken.None).ConfigureAwait(false);
        RespOutput output = new();
        if (id == 0)
        {
            output.Raw("*-1\r\n"u8);
        }
        else
        {
            output.Array(2);
            output.Integer(id);
            output.Bulk(address);
        }

        return output.Written.ToArray();
    }

    private async Task<byte[]> InfoAsync(string section)
    {
        (int leader, string address) = await server.Log.GetLeaderAsync(CancellationToken.None).ConfigureAwait(false);
        ServerStatistics statistics = server.Statistics;
        (int keys, int expiring, long clock, long malformed) = server.Database.Read(0, (store, _) => (store.Count, store.Expiring, store.Clock, store.Malformed));
        TimeSpan uptime = DateTimeOffset.UtcNow - server.Started;
        Dictionary<string, (string Name, object Value)[]> sections = new(StringComparer.Ordinal)
        {
            ["server"] =
            [
                ("redis_version", "7.0.0"), ("server_name", "raftactors-kv"), ("redis_mode", "standalone"), ("process_id", Environment.ProcessId),
                ("tcp_port", server.Endpoint.Port), ("uptime_in_seconds", (long)uptime.TotalSeconds),
            ],
            ["clients"] = [("connected_clients", statistics.Connections), ("maxclients", server.Options.MaxConnections)],
            ["memory"] = [("used_memory", GC.GetTotalMemory(false)), ("used_memory_rss", Environment.WorkingSet)],
            ["persistence"] = [("loading", 0), ("aof_enabled", 1)],
            ["stats"] =
            [
                ("total_connections_received", statistics.ConnectionsReceived), ("total_commands_processed", statistics.Commands),
                ("rejected_connections", statistics.RejectedConnections), ("protocol_errors", statistics.ProtocolErrors),
                ("writes_committed", statistics.WritesCommitted), ("writes_refused", statistics.WritesRefused),
                ("writes_unknown", statistics.WritesUnknown), ("proposals", statistics.Proposals), ("read_barriers", statistics.ReadBarriers),
                ("queued_write_bytes", server.Writes.QueuedBytes), ("malformed_entries", malformed),
            ],
            ["replication"] = [("role", "master")],
            ["raft"] = [("raft_leader", leader), ("raft_leader_address", address), ("raft_applied_index", server.Database.AppliedIndex), ("raft_clock_ms", clock)],
            ["keyspace"] = keys == 0 ? [] : [("db0", $"keys={keys},expires={expiring},avg_ttl=0")],
        };
        StringBuilder text = new();
        foreach ((string name, (string Name, object Value)[] lines) in sections)
        {
            if (section is not ("all" or "default" or "everything") && section != name)
            {
                continue;
            }

            text.Append(text.Length > 0 ? "\r\n" : "").Append("# ").Append(char.ToUpperInvariant(name[0])).Append(name.AsSpan(1)).Append("\r\n");
            foreach ((string key, object value) in lines)
            {
                text.Append(CultureInfo.InvariantCulture, $"{key}:{value}\r\n");
            }
        }

        return Replies.Bulk(text.ToString());
    }
}
