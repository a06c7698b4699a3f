// Package mqi runs what calls the MQI, unmodified, against Portage's embedded queue manager: IBM's Go client under
// adapters/mq/ibmmq, and COBOL programs that CALL 'MQGET'. Folder standin has the C libraries that IBM MQ's
// would be; IBM's own headers are fetched at test time. Where IBM MQ's client is installed (/opt/mqm), its headers are
// taken, and a build without these flags links to it.
package mqi
